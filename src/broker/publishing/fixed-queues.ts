import type { Names } from '../../core/queues/names.js';
import type { Connection } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { announce } from '../control/control.js';
import { absent, isThereNow } from '../queues/queue-presence.js';
import { fixedQueueArguments, type QueueKind } from '../queues/topology.js';

/**
 * Makes those of the queues that are not there, durable and on the default exchange alone, and tells the workers.
 * What is there already stays as it is, whatever its arguments.
 */
export async function makeFixedQueues(
  connection: Connection,
  names: Names,
  kind: QueueKind,
  queues: readonly string[],
): Promise<void> {
  for (const queue of await absent(connection, queues)) {
    const channel = await connection.channel();
    try {
      await channel.assertQueue(queue, {
        durable: true,
        arguments: fixedQueueArguments(names, queue, kind, connection.brokerVersion),
      });
    } catch (error) {
      if (await isThereNow(connection, queue, error)) continue;
      throw explainRefusal(error, `the queue "${queue}"`);
    }
    announce(channel, names, { kind: 'queue', queue });
    await channel.close();
  }
}
