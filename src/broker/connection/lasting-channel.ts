import { messageOf } from '../../core/errors/errors.js';
import type { Channel } from './channel.js';
import { ConnectionClosed } from './connection.js';

/** The broker closes a channel for what was done on it: more times in a row, and doing it again is no use. */
const REFUSALS_TOLERATED = 3;
/** A channel that was open for so long has been of use. */
const OF_USE_MS = 5_000;

/** Time for the answers that are on their way, and for a new leader. */
const RENEW_AFTER_MS = 500;

/**
 * Of a channel with confirms: what has had no answer for so many looks, a second apart, gets none any more. A
 * channel that has met a stream whose leader was lost may go on sending to where there is nobody.
 */
const LOOK_EVERY_MS = 1_000;
const LOOKS_WITHOUT_ANSWER = 20;

export interface LastingChannelListener<C> {
  /** What was under way on it is void. `reason`: the broker's, where it closed the channel and not all of the connection. */
  onLost?(channel: C, reason: string | undefined): void;
  /** It is set up and is `current`; after the first time too. */
  onOpen?(channel: C): void;
  /**
   * The oldest message that has been sent on the present channel and not answered, by something that tells it
   * from others; undefined where there is none, or where the broker reads nothing for now.
   */
  oldestUnanswered?(): unknown;
  /** In place of a second: how often that is asked. */
  readonly lookEveryMs?: number;
  /** In place of 3: for who does something else each time. */
  readonly refusalsTolerated?: number;
  /** It could not be opened or set up again: refused, or the connection is given up. */
  onFailure(error: Error): void;
}

/**
 * A channel that comes back. The broker closes one for every error on it, and all of them go with their
 * connection; then another is opened, as soon as there is a connection, and set up in the same way.
 */
export class LastingChannel<C extends Channel = Channel> {
  #current: C | undefined;
  #closed = false;
  #renewal: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #oldest: unknown;
  /** Times in a row that the oldest message was the same. */
  #looksAtOldest = 0;
  /** What the broker said when it closed the present channel, or the last. */
  #refusal: string | undefined;
  #refusals = 0;

  private constructor(
    private readonly openOne: () => Promise<C>,
    private readonly setUp: (channel: C) => Promise<void>,
    private readonly listener: LastingChannelListener<C>,
  ) {}

  /**
   * The first time, failures reach the caller; later `onFailure`.
   *
   * @param openOne waits for a connection, and rejects when there will be none
   * @param setUp runs on each channel before `current` is that channel
   */
  static async open<C extends Channel>(
    openOne: () => Promise<C>,
    setUp: (channel: C) => Promise<void>,
    listener: LastingChannelListener<C>,
  ): Promise<LastingChannel<C>> {
    const lasting = new LastingChannel(openOne, setUp, listener);
    await lasting.#open();
    if (listener.oldestUnanswered !== undefined) {
      lasting.#looking = setInterval(() => lasting.#look(), listener.lookEveryMs ?? LOOK_EVERY_MS).unref();
    }
    return lasting;
  }

  /** Undefined while it is away. */
  get current(): C | undefined {
    return this.#current;
  }

  /**
   * Goes on with another channel in a while. The broker's channel remembers where a quorum queue had its
   * leader, and in 3.10 goes on asking a node that is gone: only a new one learns of the new leader.
   */
  renewSoon(): void {
    this.#renewal ??= setTimeout(() => {
      this.#renewal = undefined;
      const old = this.#current;
      this.#current = undefined; // nothing can be sent on a channel that closes
      old?.close().catch(() => {}); // it has gone by itself
    }, RENEW_AFTER_MS);
  }

  /** It does not come back from here on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#renewal);
    clearInterval(this.#looking);
    this.#current = undefined;
  }

  /** Counted in looks and not in time: while the process stands still no answer can come. */
  #look(): void {
    const oldest = this.#current && this.listener.oldestUnanswered?.();
    if (oldest === undefined || oldest !== this.#oldest) this.#looksAtOldest = 0;
    this.#oldest = oldest;
    if (++this.#looksAtOldest <= LOOKS_WITHOUT_ANSWER) return;
    this.#looksAtOldest = 0;
    this.renewSoon();
  }

  async #open(): Promise<void> {
    while (!(await this.#use(await this.openOne())));
  }

  /**
   * @returns false where the channel went with its connection while it was set up: try the next
   * @throws what `setUp` did
   */
  async #use(channel: C): Promise<boolean> {
    const openedAt = performance.now();
    this.#refusal = undefined;
    channel.on('error', (error) => {
      this.#refusal = messageOf(error);
    });
    let inUse = false;
    let gone = false;
    channel.once('close', () => {
      gone = true;
      if (inUse) this.#lost(channel, performance.now() - openedAt);
    });
    try {
      await this.setUp(channel);
    } catch (error) {
      if (!gone || this.#refusal !== undefined) throw error;
    }
    if (this.#closed) return true;
    if (gone) return false;
    inUse = true;
    this.#current = channel;
    this.#looksAtOldest = 0;
    this.listener.onOpen?.(channel);
    return true;
  }

  #lost(channel: C, openForMs: number): void {
    if (this.#closed) return;
    this.#current = undefined;
    const refusal = this.#refusal;
    this.listener.onLost?.(channel, refusal);
    this.#refusals = refusal === undefined || openForMs > OF_USE_MS ? 0 : this.#refusals + 1;
    if (this.#refusals > (this.listener.refusalsTolerated ?? REFUSALS_TOLERATED)) {
      this.listener.onFailure(new Error(`the broker closed a channel again and again: ${refusal}`));
      return;
    }
    this.#open().catch((error) => {
      if (!this.#closed && !(error instanceof ConnectionClosed)) this.listener.onFailure(error);
    });
  }
}
