import { type Deferred, deferred } from '../../core/values/deferred.js';
import type { Channel } from '../connection/channel.js';
import type { Connection } from '../connection/connection.js';
import type { Delivery } from '../connection/delivery.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { streamIsReady } from '../queues/queue-presence.js';
import { BatchedAcks } from './batched-acks.js';
import { MissingReplica } from './missing-replica.js';
import { offsetOf, READ_AHEAD, readToEnd } from './stream-end.js';

/** A reader that has not come to the end for so long goes on with another channel. */
const QUIET_AT_MOST_MS = 20_000;

/**
 * Where reading begins: a timestamp is milliseconds since the Unix epoch, by the broker's clock. `last` is the last chunk,
 * after each lost connection too: what comes before the newest message may be missed, or come again.
 */
export type StreamOffset =
  | 'first'
  | 'last'
  | 'next'
  | { readonly timestamp: number }
  | { readonly offset: number };

export interface StreamListener {
  /** @param offset of the message in the stream, the same for every reader */
  onMessage(type: string, body: () => string, offset: number): void;
  /** The stream was deleted: makes it again, for who goes on with the new one. */
  makeAgain?(): Promise<void>;
  /** It reads again after its channel was lost: of another stream of this name, maybe. */
  onReopened?(): void;
  onFailure(error: Error): void;
}

/**
 * Reads a stream and goes on reading what is written to it. After a lost connection it goes on where it was, so
 * that nothing is missed.
 */
export class StreamReader {
  #channel: ReconnectingChannel | undefined;
  /** Of those who wait for the end: where nothing comes for long the channel is renewed. */
  readonly #renewals = new Set<NodeJS.Timeout>();
  /** Those of the present channel. */
  #acks: BatchedAcks | undefined;
  /** Of the last message that has come. */
  #offset: number | undefined;
  #isDeleted = false;
  /** Messages that have come. */
  #heardSoFar = 0;
  #emptyAfterMs: number | undefined;
  /** Who waits for the end. */
  readonly #waiting = new Set<Deferred<void>>();
  /** Why it reads no more. */
  #failure: Error | undefined;

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
    let replica = new MissingReplica(stream);
    reader.#channel = await ReconnectingChannel.open(
      () => connection.channel(),
      (channel) => reader.#consume(connection, channel),
      {
        onOpen: (channel) => {
          replica = new MissingReplica(stream);
          if (reader.#waiting.size > 0) reader.#lookForEnd(channel);
          if (reader.#channel !== undefined) listener.onReopened?.();
        },
        passes: (refusal) => replica.passes(refusal),
        onFailure: (error) => reader.#failed(error),
      },
    );
    return reader;
  }

  /** Of the last message that has come, or was the last one when it was known that there is no more; undefined: of none. */
  get offset(): number | undefined {
    return this.#offset;
  }

  /**
   * Resolves when all that was in the stream before this call has come; rejects where nothing comes any more, as the
   * listener is told.
   *
   * @param emptyAfterMs for who loses nothing by taking it for empty too soon
   */
  async caughtUp(emptyAfterMs?: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#emptyAfterMs = emptyAfterMs;
    const renewal = setInterval(() => this.#channel?.renewSoon(), QUIET_AT_MOST_MS);
    this.#renewals.add(renewal);
    const end = deferred();
    this.#waiting.add(end);
    const channel = this.#channel?.current;
    if (channel !== undefined) this.#lookForEnd(channel);
    try {
      await end.promise;
    } finally {
      clearInterval(renewal);
      this.#renewals.delete(renewal);
    }
  }

  /** Who waits for the end is told nothing any more. */
  async close(): Promise<void> {
    for (const renewal of this.#renewals) clearInterval(renewal);
    const channel = this.#channel?.current;
    this.#channel?.close();
    await channel?.close().catch(() => {}); // it went with its connection
  }

  /** A look that is cut off begins again on the next channel. */
  #lookForEnd(channel: Channel): void {
    const waiting = [...this.#waiting];
    const acks = this.#acks;
    if (acks === undefined) return; // nothing is consumed
    const progress = { heard: () => this.#heardSoFar, last: () => this.#offset, acks };
    readToEnd(channel, this.stream, progress, this.#emptyAfterMs).then(
      (last) => {
        // Where nothing has come to it, it knows now where it is, and would go on there.
        this.#offset ??= last;
        if (last === undefined && this.from !== 'last') this.from = 'first';
        for (const end of waiting) {
          this.#waiting.delete(end);
          end.resolve();
        }
      },
      () => {}, // it goes as the channel does
    );
  }

  #failed(error: Error): void {
    this.#failure = error;
    this.listener.onFailure(error);
    for (const end of this.#waiting) end.reject(error);
    this.#waiting.clear();
  }

  async #consume(connection: Connection, channel: Channel): Promise<void> {
    if (this.#isDeleted) await this.listener.makeAgain?.();
    await streamIsReady(connection, channel, this.stream);
    await channel.prefetch(READ_AHEAD);
    const acks = new BatchedAcks(channel);
    this.#acks = acks;
    await channel.consume(
      this.stream,
      (message) => {
        if (message === null) this.#deleted(channel);
        else this.#heard(acks, message);
      },
      { arguments: { 'x-stream-offset': this.#begin() } },
    );
  }

  #begin(): unknown {
    if (this.from === 'last') return 'last';
    if (this.#offset !== undefined) return this.#offset + 1;
    if (typeof this.from === 'string') return this.from;
    if ('offset' in this.from) return this.from.offset;
    return { '!': 'timestamp', value: Math.floor(this.from.timestamp / 1000) };
  }

  /** Another one with its name begins anew; where there is none, the next consumer is told so. */
  #deleted(channel: Channel): void {
    this.#isDeleted = true;
    this.#offset = undefined;
    if (this.from !== 'last') this.from = 'first';
    channel.close().catch(() => {}); // it is going already
  }

  #heard(acks: BatchedAcks, message: Delivery): void {
    acks.add(message);
    this.#heardSoFar++;
    this.#offset = offsetOf(message) ?? this.#offset;
    const { type } = message.properties;
    this.listener.onMessage(String(type), () => message.content.toString('utf8'), this.#offset ?? 0);
  }
}
