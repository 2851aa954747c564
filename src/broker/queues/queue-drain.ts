import type { Channel } from '../connection/channel.js';
import { type Connection, replyCode } from '../connection/connection.js';
import type { Message } from '../connection/delivery.js';
import { explainRefusal } from '../connection/refusal.js';
import { drainByConsuming } from './drain-by-consuming.js';
import type { MessageKeeper } from './message-keeper.js';

/** Messages that are handed on together. */
const BATCH = 500;
/** The broker closes a channel on which something stays unacknowledged for half an hour. */
const HOLD_AT_MOST_MS = 10 * 60_000;
/** What the broker answers to `get` on a quorum queue with a single active consumer (3.10 to 4.3). */
const LOCKED = 405;

/**
 * Takes what is ready out of a queue, in its order, until nothing is. Where the keeper rejects, what it has not kept goes
 * back to its place. Of a queue that can only be consumed nothing is taken while somebody else consumes it.
 */
export async function drainQueue(
  connection: Connection,
  queue: string,
  keeper: MessageKeeper,
): Promise<void> {
  const channel = await connection.channel();
  try {
    await drainByGetting(channel, queue, keeper);
  } catch (error) {
    // What was not acknowledged goes back with its channel; a channel that has gone needs no closing.
    await channel.close().catch(() => {});
    if (replyCode(error) !== LOCKED) throw explainRefusal(error, `the queue "${queue}"`);
    await drainByConsuming(connection, queue, BATCH, keeper);
  }
}

/** Nothing leaves the queue before all of it is kept; of more than can be read in ten minutes, what was read until then. */
async function drainByGetting(channel: Channel, queue: string, keeper: MessageKeeper): Promise<void> {
  let heldSince = performance.now();
  let held: Message | undefined;
  for (;;) {
    const batch = await take(channel, queue);
    const last = batch.at(-1);
    if (last !== undefined) await keeper.add(batch);
    held = last ?? held;
    const isLast = batch.length < BATCH;
    if (held !== undefined && (isLast || performance.now() - heldSince > HOLD_AT_MOST_MS)) {
      await keeper.keep();
      channel.ack(held, true);
      held = undefined;
      heldSince = performance.now();
    }
    if (isLast) break;
  }
  // Acknowledgements have no answer; this has, and comes after them.
  await channel.close();
}

async function take(channel: Channel, queue: string): Promise<Message[]> {
  const batch: Message[] = [];
  while (batch.length < BATCH) {
    const message = await channel.get(queue);
    if (message === false) break;
    batch.push(message);
  }
  return batch;
}
