import type { Readable } from 'node:stream';
import type { ChannelModel } from 'amqplib';

/**
 * A frame that the broker had on its way when it closed the channel may come so much later. Whoever makes
 * thousands of queues loses a channel for each, and there are 2,047 numbers.
 */
const LATE_FRAMES_MS = 250;

/** Numbers that the next channels may have in a moment. */
export interface RetiredNumbers {
  readonly count: number;
}

interface Entry {
  readonly channel: { accept(frame: unknown): void; toClosed(): void };
  readonly buffer: Readable & { end(): void };
}

/** What amqplib's connection has for this, though its types do not say so. */
interface Numbers {
  /** By channel number; number 0 is the connection's own. */
  readonly channels: (Entry | null)[];
  readonly freeChannels: { clear(number: number): void };
  releaseChannel(number: number): void;
}

/**
 * Gives the number of a closed channel to the next channel only when nothing of the old one is under way
 * any more. amqplib does so at once, and the broker ends the whole connection, or amqplib does, when
 * - the next channel's `open` overtakes the `close-ok` that its predecessor owes, which may sit behind
 *   thousands of messages in the predecessor's buffer (504, "second 'channel.open' seen"), or
 * - a delivery arrives that the broker had on its way when it closed the channel ("Frame on unknown channel").
 */
export function retireChannelNumbers({ connection }: ChannelModel): RetiredNumbers {
  const numbers = connection as unknown as Numbers;
  let count = 0;
  numbers.releaseChannel = (number) => {
    const closed = numbers.channels[number];
    if (!closed) return;
    const deaf: Entry = { channel: { accept() {}, toClosed() {} }, buffer: closed.buffer };
    numbers.channels[number] = deaf;
    count++;
    closed.buffer.once('end', () => {
      setTimeout(() => {
        count--;
        numbers.channels[number] = null;
        numbers.freeChannels.clear(number);
      }, LATE_FRAMES_MS).unref();
    });
    closed.buffer.end();
  };
  return {
    get count() {
      return count;
    },
  };
}
