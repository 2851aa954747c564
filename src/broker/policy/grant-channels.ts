import { FairqError } from '../../core/errors/errors.js';
import type { Channel } from '../connection/channel.js';
import { type Connection, ConnectionClosed } from '../connection/connection.js';
import { channelsNeeded } from '../consuming/consumer-channels.js';

/** What a worker's connection has channels for beside what it cannot do without. */
const TO_SPARE = 9;
/** More would cost the broker memory, and let nothing start sooner. */
const ENOUGH = 256;
/** Each slot may run a task of another user, and as many users may be next. */
const ENOUGH_A_SLOT = 2;
const OPEN_AGAIN_MS = 1_000;

/** Who uses a channel, and nobody else at the same time. */
export interface ChannelUser {
  /** It is its own until it is taken away, is lost or is given up. */
  onChannel(channel: Channel): void;
  /** Another needs it: only where it was said to be idle. */
  onTaken(): void;
  /** It has gone, with all that was on it. */
  onLost(): void;
}

/**
 * How many channels may be for grants on a connection.
 *
 * @param slots of the worker
 */
export function channelsForGrants(channelMax: number, slots: number): number {
  const room = Math.max(2, channelMax - channelsNeeded(channelMax) - TO_SPARE);
  return Math.min(Math.max(ENOUGH, ENOUGH_A_SLOT * slots), Math.floor(room / 2));
}

/**
 * The channels of a connection on which grants are held and waited for. Each has one user at a time: what the broker
 * refuses closes a channel, with all grants that are on it. A connection has few of them where thousands of users have a cap.
 * So who needs none for now leaves its channel to who waits. Who waits for longest is first, and takes that of who has
 * needed it for longest no more.
 */
export class GrantChannels {
  /** Who waits, and since when; milliseconds on the monotonic clock. */
  readonly #first = new Map<ChannelUser, number>();
  readonly #line = new Map<ChannelUser, number>();
  readonly #channels = new Map<ChannelUser, Channel>();
  /** Who has been idle for longest is first. */
  readonly #idle = new Set<ChannelUser>();
  /** Nobody's, with nothing on them. */
  readonly #free = new Set<Channel>();
  #opening = 0;
  /** The broker gives no more than these, whatever was agreed. */
  #found = Number.POSITIVE_INFINITY;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly connection: Pick<Connection, 'channel' | 'channelMax'>,
    private readonly slots: number,
    private readonly now: () => number,
  ) {}

  /** So many there may be. */
  get most(): number {
    return Math.min(this.#found, channelsForGrants(this.connection.channelMax, this.slots));
  }

  /** There would be more, if the connection might have more. */
  get areScarce(): boolean {
    return this.most < channelsForGrants(Number.MAX_SAFE_INTEGER, this.slots);
  }

  get waiting(): number {
    return this.#first.size + this.#line.size;
  }

  /** For so long somebody has waited; milliseconds. */
  get longestWaitMs(): number {
    const [since] = this.#line.values();
    return since === undefined ? 0 : this.now() - since;
  }

  waits(user: ChannelUser): boolean {
    return this.#line.has(user) || this.#first.has(user);
  }

  /** Waits for one, unless it has one. @param isFirst others wait for it as long as it waits */
  ask(user: ChannelUser, isFirst: boolean): void {
    if (this.#closed || this.#channels.has(user)) return;
    if (isFirst) {
      this.#line.delete(user);
      if (!this.#first.has(user)) this.#first.set(user, this.now());
    } else if (!this.waits(user)) this.#line.set(user, this.now());
    this.#serve();
  }

  /** Waits for none any more. */
  leave(user: ChannelUser): void {
    this.#first.delete(user);
    this.#line.delete(user);
  }

  /** Nothing is on its channel: it may be another's. */
  isIdle(user: ChannelUser): void {
    if (!this.#channels.has(user) || this.#idle.has(user)) return;
    this.#idle.add(user);
    this.#serve();
  }

  isBusy(user: ChannelUser): void {
    this.#idle.delete(user);
  }

  /** It has no channel from here on, and what was on it goes back. */
  giveUp(user: ChannelUser): void {
    this.#take(user)
      ?.close()
      .catch(() => {}); // it has gone by itself
    if (!this.#closed) this.#serve();
  }

  /** As `giveUp`, when the broker has what was sent on it. */
  async end(user: ChannelUser): Promise<void> {
    this.leave(user);
    await this.#take(user)
      ?.close()
      .catch(() => {}); // as above
  }

  /** Nobody gets one from here on; who has one keeps it. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    for (const channel of this.#free) channel.close().catch(() => {}); // as above
    this.#free.clear();
  }

  get #open(): number {
    return this.#channels.size + this.#free.size + this.#opening;
  }

  #take(user: ChannelUser): Channel | undefined {
    const channel = this.#channels.get(user);
    this.#channels.delete(user);
    this.#idle.delete(user);
    return channel;
  }

  #serve(): void {
    for (const user of this.#inOrder()) {
      const channel = this.#oneFree() ?? (this.#open >= this.most ? this.#oneIdle() : undefined);
      if (channel === undefined) break;
      this.leave(user);
      this.#channels.set(user, channel);
      user.onChannel(channel);
    }
    const missing = Math.min(this.waiting - this.#opening, this.most - this.#open);
    for (let more = 0; more < missing && this.#again === undefined; more++) void this.#openOne();
  }

  *#inOrder(): Iterable<ChannelUser> {
    yield* this.#first.keys();
    yield* this.#line.keys();
  }

  #oneFree(): Channel | undefined {
    for (const channel of this.#free) {
      this.#free.delete(channel);
      if (!channel.isClosing) return channel;
    }
    return undefined;
  }

  #oneIdle(): Channel | undefined {
    for (const user of this.#idle) {
      const channel = this.#take(user);
      user.onTaken();
      if (channel !== undefined && !channel.isClosing) return channel;
    }
    return undefined;
  }

  async #openOne(): Promise<void> {
    this.#opening++;
    let isClosed = false;
    try {
      const channel = await this.connection.channel();
      channel.once('close', () => {
        isClosed = true;
        this.#lost(channel);
      });
      await channel.prefetch(1);
      if (this.#closed)
        channel.close().catch(() => {}); // as above
      else if (!isClosed) this.#free.add(channel);
    } catch (error) {
      this.#notOpened(error);
    } finally {
      this.#opening--;
    }
    if (!this.#closed) this.#serve();
  }

  /** A connection that is given up ends its worker, which is told otherwise. */
  #notOpened(error: unknown): void {
    if (this.#closed || error instanceof ConnectionClosed) {
      this.#closed = true;
      return;
    }
    if (error instanceof FairqError && error.code === 'NO_CHANNELS') {
      this.#found = Math.max(1, this.#open - this.#opening);
    }
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      this.#serve();
    }, OPEN_AGAIN_MS);
  }

  #lost(channel: Channel): void {
    this.#free.delete(channel);
    for (const [user, its] of this.#channels) {
      if (its !== channel) continue;
      this.#take(user);
      user.onLost();
      break;
    }
    if (!this.#closed) this.#serve();
  }
}
