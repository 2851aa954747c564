import { randomUUID } from 'node:crypto';
import { deferred } from '../../core/values/deferred.js';
import type { Channel } from '../connection/channel.js';
import type { Delivery } from '../connection/delivery.js';
import { within } from '../connection/within.js';
import type { BatchedAcks } from './batched-acks.js';

/** Messages on their way to a reader; a stream consumer has to have a prefetch and to acknowledge. */
export const READ_AHEAD = 200;
/**
 * A stream that has something sends its last chunk at once, as soon as the broker gets to it. One that sends nothing and
 * counts nothing for so long is empty. The count is some seconds old: a new stream counts nothing at first.
 */
const EMPTY_AFTER_MS = 10_000;
const COUNT_EVERY_MS = 500;

/** How far a consumer of a stream has come. */
export interface StreamProgress {
  /** Messages that it has had so far. */
  heard(): number;
  /** Offset of the last of them; undefined where it has had none. */
  last(): number | undefined;
  /** Where all consumers of the channel acknowledge. */
  readonly acks: BatchedAcks;
}

/**
 * Resolves when a consumer of this channel has been sent all that its stream holds now. Nothing is written for it: a
 * broker under an alarm takes nothing, and reading is to change nothing.
 *
 * A second consumer, from the last chunk on, makes the broker look at the stream for every consumer of the channel, and
 * has something to deliver unless the stream is empty. From then on each acknowledgement makes the broker send what
 * there is. So an answer before which nothing new has come says that there is nothing more.
 *
 * Where the broker is slow and others go on writing, something new comes before every answer. A third consumer has only
 * what is written from now on: what stands before its first message is all that there was.
 *
 * @param progress of the consumer
 * @param emptyAfterMs for who loses nothing by taking a stream for empty too soon
 * @returns the offset of the last message; undefined where the stream is empty
 */
export async function readToEnd(
  channel: Channel,
  stream: string,
  progress: StreamProgress,
  emptyAfterMs = EMPTY_AFTER_MS,
): Promise<number | undefined> {
  const { acks } = progress;
  const begins = deferred();
  const ending = await consumeFrom(channel, stream, 'last', acks, () => begins.resolve());
  const later = await consumeFrom(channel, stream, 'next', acks);
  for (let waited = 0; ending.heard === 0; ) {
    const waitMs = Math.min(COUNT_EVERY_MS, emptyAfterMs);
    await within(waitMs, begins.promise);
    waited += waitMs;
    if (ending.heard > 0) break;
    // Above none there is something, and it comes.
    if ((await channel.checkQueue(stream)).messageCount === 0 && waited >= emptyAfterMs) break;
  }
  const isPastEnd = () => later.first !== undefined && (progress.last() ?? -1) >= later.first - 1;
  for (let before = -1; before !== progress.heard() + ending.heard && !isPastEnd(); ) {
    before = progress.heard() + ending.heard;
    acks.flush();
    await channel.prefetch(READ_AHEAD); // any request that changes nothing
  }
  acks.flush();
  await channel.cancel(ending.tag);
  await channel.cancel(later.tag);
  return ending.last;
}

/** What a consumer of ours has had. */
interface Looked {
  readonly tag: string;
  heard: number;
  first: number | undefined;
  last: number | undefined;
}

async function consumeFrom(
  channel: Channel,
  stream: string,
  offset: 'last' | 'next',
  acks: BatchedAcks,
  onMessage = () => {},
): Promise<Looked> {
  const tag = `fairq-end-${randomUUID()}`;
  const looked: Looked = { tag, heard: 0, first: undefined, last: undefined };
  const hear = (message: Delivery | null) => {
    looked.heard++;
    onMessage();
    if (message === null) return;
    acks.add(message);
    looked.last = offsetOf(message);
    looked.first ??= looked.last;
  };
  hearFromNowOn(channel, tag, hear);
  await channel.consume(stream, hear, { consumerTag: tag, arguments: { 'x-stream-offset': offset } });
  return looked;
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
