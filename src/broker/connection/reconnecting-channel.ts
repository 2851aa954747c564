import { messageOf } from '../../core/errors/errors.js';
import type { Channel } from './channel.js';
import { ConnectionClosed } from './connection.js';
import { TRY_AGAIN_MS } from './patience.js';

/** The broker closes a channel for what was done on it. After more closes in a row, doing it again is no use. */
const REFUSALS_TOLERATED = 3;
/** A channel that was open for so long has been of use. */
const OF_USE_MS = 5_000;

/**
 * On a channel with confirms, a message that is unanswered at so many checks, a second apart, gets no answer any more.
 * A channel that has met a stream whose leader was lost may go on sending to where there is nobody.
 */
const CHECK_EVERY_MS = 1_000;
const CHECKS_WITHOUT_ANSWER = 20;

export interface ReconnectingChannelListener<C> {
  /** What was under way on the channel is void. `reason`: the broker's, where it closed the channel alone. */
  onLost?(channel: C, reason: string | undefined): void;
  /** The channel is set up and is `current`; after the first time too. */
  onOpen?(channel: C): void;
  /**
   * The oldest message that has been sent on the present channel and not answered, by something that tells it
   * from others; undefined where there is none, or where the broker reads nothing for now.
   */
  oldestUnanswered?(): unknown;
  /** The broker has refused what sets a channel up. Resolves with true when the next channel may be tried. */
  passes?(refusal: unknown): Promise<boolean>;
  /** How often `oldestUnanswered` is asked, in place of once a second. Milliseconds. */
  readonly checkEveryMs?: number;
  /** Refusals in a row that are tolerated, in place of 3: for an owner that does something else each time. */
  readonly refusalsTolerated?: number;
  /** The channel could not be opened or set up again: refused, or the connection is given up. */
  onFailure(error: Error): void;
}

/**
 * A channel that comes back. The broker closes one for every error on it, and all of them go with their
 * connection; then another is opened, as soon as there is a connection, and set up in the same way.
 */
export class ReconnectingChannel<C extends Channel = Channel> {
  #current: C | undefined;
  #closed = false;
  #renewal: NodeJS.Timeout | undefined;
  #checking: NodeJS.Timeout | undefined;
  #oldest: unknown;
  /** Times in a row that the oldest message was the same. */
  #checksOfOldest = 0;
  /** What the broker said when it closed the present channel, or the last. */
  #refusal: string | undefined;
  #refusals = 0;

  private constructor(
    private readonly openOne: () => Promise<C>,
    private readonly setUp: (channel: C) => Promise<void>,
    private readonly listener: ReconnectingChannelListener<C>,
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
    listener: ReconnectingChannelListener<C>,
  ): Promise<ReconnectingChannel<C>> {
    const reconnecting = new ReconnectingChannel(openOne, setUp, listener);
    await reconnecting.#open();
    if (listener.oldestUnanswered !== undefined) {
      reconnecting.#checking = setInterval(
        () => reconnecting.#check(),
        listener.checkEveryMs ?? CHECK_EVERY_MS,
      ).unref();
    }
    return reconnecting;
  }

  /** Undefined while there is no channel, and while it closes. */
  get current(): C | undefined {
    return this.#current?.isClosing ? undefined : this.#current;
  }

  /**
   * Goes on with another channel in a while. The broker's channel remembers where a quorum queue had its
   * leader, and in 3.10 goes on asking a node that is gone: only a new one learns of the new leader. The time until then
   * is for the answers that are on their way, and for a new leader.
   */
  renewSoon(): void {
    this.#renewal ??= setTimeout(() => {
      this.#renewal = undefined;
      const old = this.#current;
      this.#current = undefined; // nothing can be sent on a channel that closes
      old?.close().catch(() => {}); // it has gone by itself
    }, TRY_AGAIN_MS);
  }

  /** No other channel is opened from here on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#renewal);
    clearInterval(this.#checking);
    this.#current = undefined;
  }

  /** Silence is counted in checks and not in time: while the process stands still no answer can come. */
  #check(): void {
    const oldest = this.#current && this.listener.oldestUnanswered?.();
    if (oldest === undefined || oldest !== this.#oldest) this.#checksOfOldest = 0;
    this.#oldest = oldest;
    if (++this.#checksOfOldest <= CHECKS_WITHOUT_ANSWER) return;
    this.#checksOfOldest = 0;
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
      const isRefused = !gone || this.#refusal !== undefined;
      if (isRefused && !(await this.listener.passes?.(error))) throw error;
    }
    if (this.#closed) return true;
    if (gone) return false;
    inUse = true;
    this.#current = channel;
    this.#checksOfOldest = 0;
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
