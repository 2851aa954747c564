import type { Channel, ConsumeMessage } from 'amqplib';
import { MARKER } from '../core/event-codec.js';
import type { Connection } from './connection.js';
import { LastingChannel } from './lasting-channel.js';
import { absentOnceReachable } from './queue-presence.js';

/** Messages on their way to a reader; a stream consumer has to have a prefetch and to acknowledge. */
export const READ_AHEAD = 200;
/** A reader to which nothing has come for so long, not even its own marker, goes on with another channel. */
const QUIET_AT_MOST_MS = 20_000;

/** Where reading begins: a timestamp is milliseconds since the Unix epoch, by the broker's clock. */
export type StreamOffset = 'first' | 'next' | { readonly timestamp: number };

export interface StreamListener {
  onMessage(type: string, body: () => string): void;
  /** The stream was deleted: makes it again, for who goes on with the new one. */
  makeAgain?(): Promise<void>;
  onFailure(error: Error): void;
}

/**
 * Reads a stream and goes on reading what is written to it. After a lost connection it goes on where it was, so
 * that nothing is missed.
 */
export class StreamReader {
  #lasting: LastingChannel | undefined;
  /** Of the last message that has come. */
  #offset: number | undefined;
  #isDeleted = false;
  /** Markers that have been asked for and have not come, and who waits for them. */
  readonly #markers = new Map<string, () => void>();

  private constructor(
    private readonly stream: string,
    private from: StreamOffset,
    private readonly listener: StreamListener,
  ) {}

  /** Rejects with the broker's 404 where there is none. */
  static async open(
    connection: Connection,
    stream: string,
    from: StreamOffset,
    listener: StreamListener,
  ): Promise<StreamReader> {
    const reader = new StreamReader(stream, from, listener);
    reader.#lasting = await LastingChannel.open(
      () => connection.channel(),
      (channel) => reader.#consume(connection, channel),
      {
        onOpen: (channel) => {
          for (const marker of reader.#markers.keys()) reader.#mark(channel, marker);
        },
        onFailure: (error) => listener.onFailure(error),
      },
    );
    return reader;
  }

  /**
   * Resolves when all that was in the stream before this call has come. The end is a marker that the reader
   * publishes itself: the stream's message count lags behind, and its offsets have gaps.
   *
   * @param marker unique to this call
   */
  async caughtUp(marker: string): Promise<void> {
    const renewal = setInterval(() => this.#lasting?.renewSoon(), QUIET_AT_MOST_MS);
    await new Promise<void>((resolve) => {
      this.#markers.set(marker, resolve);
      const channel = this.#lasting?.current;
      if (channel !== undefined) this.#mark(channel, marker);
    });
    clearInterval(renewal);
  }

  async close(): Promise<void> {
    const channel = this.#lasting?.current;
    this.#lasting?.close();
    await channel?.close().catch(() => {}); // it went with its connection
  }

  #mark(channel: Channel, marker: string): void {
    channel.sendToQueue(this.stream, Buffer.from('{}'), { type: MARKER, messageId: marker });
  }

  async #consume(connection: Connection, channel: Channel): Promise<void> {
    if (this.#isDeleted) await this.listener.makeAgain?.();
    await absentOnceReachable(connection, [this.stream]); // one that is missing is refused below
    await channel.prefetch(READ_AHEAD);
    await channel.consume(
      this.stream,
      (message) => {
        if (message === null) this.#deleted(channel);
        else this.#heard(channel, message);
      },
      { arguments: { 'x-stream-offset': this.#begin() } },
    );
  }

  #begin(): unknown {
    if (this.#offset !== undefined) return this.#offset + 1;
    if (typeof this.from === 'string') return this.from;
    return { '!': 'timestamp', value: Math.floor(this.from.timestamp / 1000) };
  }

  /** Another one with its name begins anew; where there is none, the next consumer is told so. */
  #deleted(channel: Channel): void {
    this.#isDeleted = true;
    this.#offset = undefined;
    this.from = 'first';
    channel.close().catch(() => {}); // it is going already
  }

  #heard(channel: Channel, message: ConsumeMessage): void {
    channel.ack(message);
    const { headers, type, messageId } = message.properties;
    const offset: unknown = headers?.['x-stream-offset'];
    if (typeof offset === 'number') this.#offset = offset;
    if (type === MARKER) this.#markerCame(String(messageId));
    else this.listener.onMessage(String(type), () => message.content.toString('utf8'));
  }

  #markerCame(marker: string): void {
    const resolve = this.#markers.get(marker);
    this.#markers.delete(marker);
    resolve?.();
  }
}
