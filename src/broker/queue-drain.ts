import type { Channel, GetMessage } from 'amqplib';
import type { Connection } from './connection.js';
import { explainRefusal } from './refusal.js';

/** Taken out at a time: what is written down and then acknowledged together. */
const BATCH = 500;

/**
 * Takes what is ready out of a queue, in its order, until nothing is. A batch leaves the queue when `keep` has
 * resolved; where it rejects, the batch goes back.
 */
export async function drainQueue(
  connection: Connection,
  queue: string,
  keep: (batch: readonly GetMessage[]) => Promise<void>,
): Promise<void> {
  const channel = await connection.channel();
  try {
    for (;;) {
      const batch = await take(channel, queue);
      const last = batch.at(-1);
      if (last === undefined) return;
      await keep(batch);
      channel.ack(last, true);
    }
  } catch (error) {
    throw explainRefusal(error, `the queue "${queue}"`);
  } finally {
    // What was not acknowledged goes back with its channel; a channel that has gone needs no closing.
    await channel.close().catch(() => {});
  }
}

async function take(channel: Channel, queue: string): Promise<GetMessage[]> {
  const batch: GetMessage[] = [];
  while (batch.length < BATCH) {
    const message = await channel.get(queue);
    if (message === false) break;
    batch.push(message);
  }
  return batch;
}
