import { randomUUID } from 'node:crypto';
import { deferred } from '../../core/values/deferred.js';
import type { Channel } from '../connection/channel.js';
import type { Delivery } from '../connection/delivery.js';
import { within } from '../connection/within.js';

/** Messages on their way to a reader; a stream consumer has to have a prefetch and to acknowledge. */
export const READ_AHEAD = 200;
/**
 * A stream that has something sends its last chunk at once, as soon as the broker gets to it. One that sends nothing and
 * counts nothing for so long is empty. The count is some seconds old: a new stream counts nothing at first.
 */
const EMPTY_AFTER_MS = 10_000;
const COUNT_EVERY_MS = 500;

/**
 * Resolves when a consumer of this channel has been sent all that its stream holds now. Nothing is written for it: a
 * broker under an alarm takes nothing, and reading is to change nothing.
 *
 * A second consumer, from the last chunk on, makes the broker look at the stream for every consumer of the channel, and
 * has something to deliver unless the stream is empty. From then on each acknowledgement makes the broker send what
 * there is. So an answer before which nothing new has come says that there is nothing more.
 *
 * @param channel its consumers have to acknowledge each message as it comes
 * @param heard how many messages the consumer has had so far
 * @param emptyAfterMs for who loses nothing by taking a stream for empty too soon
 * @returns the offset of the last message; undefined where the stream is empty
 */
export async function readToEnd(
  channel: Channel,
  stream: string,
  heard: () => number,
  emptyAfterMs = EMPTY_AFTER_MS,
): Promise<number | undefined> {
  let last: number | undefined;
  let looked = 0;
  const begins = deferred();
  const consumerTag = `fairq-end-${randomUUID()}`;
  const onMessage = (message: Delivery | null) => {
    looked++;
    begins.resolve();
    if (message === null) return;
    channel.ack(message);
    last = offsetOf(message);
  };
  hearFromNowOn(channel, consumerTag, onMessage);
  await channel.consume(stream, onMessage, { consumerTag, arguments: { 'x-stream-offset': 'last' } });
  for (let waited = 0; looked === 0; ) {
    const waitMs = Math.min(COUNT_EVERY_MS, emptyAfterMs);
    await within(waitMs, begins.promise);
    waited += waitMs;
    if (looked > 0) break;
    // Above none there is something, and it comes.
    if ((await channel.checkQueue(stream)).messageCount === 0 && waited >= emptyAfterMs) break;
  }
  for (let before = -1; before !== heard() + looked; ) {
    before = heard() + looked;
    await channel.prefetch(READ_AHEAD); // any request that changes nothing
  }
  await channel.cancel(consumerTag);
  return last;
}

/**
 * Where something is written just now, the broker looks at the stream for the second consumer before it answers who
 * consumes. amqplib knows a consumer from the answer on, and takes a message before it for a breach of the protocol.
 */
function hearFromNowOn(
  channel: Channel,
  consumerTag: string,
  onMessage: (message: Delivery | null) => void,
): void {
  // Its types do not tell of it.
  const { registerConsumer } = channel as Channel & {
    registerConsumer(tag: string, callback: typeof onMessage): void;
  };
  registerConsumer.call(channel, consumerTag, onMessage);
}

/** Where a message stands in its stream. */
export function offsetOf({ properties }: Delivery): number | undefined {
  const offset: unknown = properties.headers?.['x-stream-offset'];
  return typeof offset === 'number' ? offset : undefined;
}
