import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from '../connection/channel.js';
import type { Connection } from '../connection/connection.js';
import type { Message } from '../connection/delivery.js';
import { explainRefusal } from '../connection/refusal.js';
import type { MessageKeeper } from './message-keeper.js';

const LOOK_EVERY_MS = 50;
/** The broker has begun to deliver by then, or somebody else is the one whom it delivers to. */
const DELIVERS_WITHIN_MS = 2_000;

/**
 * Takes what is ready out of a queue from which nobody can `get`: a quorum queue with a single active consumer. Who
 * consumed it before comes first, so that nothing is taken while a worker consumes it. Each batch is kept, and leaves
 * the queue then.
 */
export async function drainByConsuming(
  connection: Connection,
  queue: string,
  batchSize: number,
  keeper: MessageKeeper,
): Promise<void> {
  const channel = await connection.channel();
  try {
    await channel.prefetch(batchSize);
    const came: Message[] = [];
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message !== null) came.push(message);
    });
    while (await delivers(channel, queue, came)) await keepAll(channel, came, keeper);
    await channel.cancel(consumerTag);
    await keepAll(channel, came, keeper);
    // Acknowledgements have no answer; this has, and comes after them.
    await channel.close();
  } catch (error) {
    // What was not acknowledged goes back with its channel; a channel that has gone needs no closing.
    await channel.close().catch(() => {});
    throw explainRefusal(error, `the queue "${queue}"`);
  }
}

async function keepAll(channel: Channel, came: Message[], keeper: MessageKeeper): Promise<void> {
  const batch = came.splice(0);
  const last = batch.at(-1);
  if (last === undefined) return;
  await keeper.add(batch);
  await keeper.keep();
  channel.ack(last, true);
}

/** @returns false where nothing is ready, or another consumer gets it: the broker counts only the active one */
async function delivers(channel: Channel, queue: string, came: readonly Message[]): Promise<boolean> {
  const from = performance.now();
  for (;;) {
    const { messageCount } = await channel.checkQueue(queue);
    if (came.length > 0) return true;
    if (messageCount === 0 || performance.now() - from > DELIVERS_WITHIN_MS) return false;
    await delay(LOOK_EVERY_MS);
  }
}
