import { CONTROL_EXCHANGE } from '../../core/celery/pidbox.js';
import type { Channel } from '../connection/channel.js';
import type { Connection } from '../connection/connection.js';
import { ownQueueToListen } from '../queues/own-queue.js';
import { EXCLUSIVE_QUEUE } from '../queues/queue-arguments.js';

const PLAIN = /^[\x21-\x7e]+$/;

/**
 * A queue for what is said to Celery's workers. It is called as Celery calls those of its workers, `name@host.celery.pidbox`,
 * so that people find it. It is exclusive: two workers of one name must not share what is said. The second, or a user
 * who may not make it, gets a queue that the broker names. So does a name with other characters than those of ASCII:
 * RabbitMQ 4.0 closes the connection where it is to say that such a queue is another's.
 *
 * @param channel on which the queue is to be consumed
 */
export async function pidboxQueue(connection: Connection, channel: Channel, node: string): Promise<string> {
  if (!PLAIN.test(node)) return ownQueueToListen(channel);
  // The broker closes the channel on which it refuses something.
  const trying = await connection.channel();
  try {
    const { queue } = await trying.assertQueue(`${node}.${CONTROL_EXCHANGE}`, EXCLUSIVE_QUEUE);
    return queue;
  } catch {
    return ownQueueToListen(channel);
  } finally {
    trying.close().catch(() => {}); // it may be closed already
  }
}
