import type { Channel, GetMessage } from 'amqplib';
import type { Connection } from './connection.js';
import { explainRefusal } from './refusal.js';

/** Messages that are handed on together. */
const BATCH = 500;
/** The broker closes a channel on which something stays unacknowledged for half an hour. */
const HOLD_AT_MOST_MS = 10 * 60_000;

/** Where the messages go that are taken out. */
export interface Keeper {
  add(batch: readonly GetMessage[]): Promise<void>;
  /** Resolves when all that was added is safe: it leaves the queue then. */
  keep(): Promise<void>;
}

/**
 * Takes what is ready out of a queue, in its order, until nothing is. Nothing leaves the queue before all of it is
 * kept; of more than can be read in ten minutes, what was read until then. Where the keeper rejects, what it has not
 * kept goes back to its place.
 */
export async function drainQueue(connection: Connection, queue: string, keeper: Keeper): Promise<void> {
  const channel = await connection.channel();
  try {
    let heldSince = performance.now();
    let held: GetMessage | undefined;
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
  } catch (error) {
    // What was not acknowledged goes back with its channel; a channel that has gone needs no closing.
    await channel.close().catch(() => {});
    throw explainRefusal(error, `the queue "${queue}"`);
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
