import type { Clock } from '../../core/values/clock.js';
import type { Channel } from '../connection/channel.js';
import { type Connection, ConnectionClosed } from '../connection/connection.js';

/** Round trips in one heartbeat. */
const PINGS_PER_HEARTBEAT = 5;
/** The broker looks once a heartbeat, and closes after two looks in a row without a byte. */
const HEARTBEATS_OF_A_LEASE = 2;

export interface PingLeaseListener {
  /** The lease has ended without another: what is held on the connection may be somebody else's. */
  onOver(): void;
  /** It holds from here on, for the first time or again. */
  onHolds?(): void;
}

/**
 * How long what is held on a connection is certainly still held. A worker that is cut off or frozen hears nothing of it
 * when the broker gives its permits to others. So it makes a round trip several times in a heartbeat. The broker cannot
 * give the connection up within two heartbeats after the last answered ping was sent.
 *
 * Ask it at every start and every end, and trust no timer: after a freeze Node runs expired timers before it reads.
 */
export class PingLease {
  #until = 0;
  /** As `#until`, but what is over stays. */
  #heldUntil = 0;
  #channel: Channel | undefined;
  #pings: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #isPinging = false;
  #closed = false;

  constructor(
    private readonly connection: Connection,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly listener: PingLeaseListener,
  ) {}

  /** Resolves when it holds for the first time. */
  async open(): Promise<void> {
    await this.#ping();
    if (this.#closed) return;
    const { heartbeatMs } = this.connection;
    if (heartbeatMs === 0) return;
    this.#pings = setInterval(() => {
      this.#ping().catch(() => {}); // it went with its channel, and the next one opens another
    }, heartbeatMs / PINGS_PER_HEARTBEAT);
  }

  /** What is held on the connection is certainly still held at this moment. */
  get holds(): boolean {
    if (this.connection.blocked) {
      if (this.connection.isConnected) this.#heldUntil = Math.max(this.#heldUntil, this.clock.now());
      return this.connection.isConnected; // the broker counts no silence meanwhile
    }
    return this.clock.now() < this.#until;
  }

  /** Until then what was held was certainly held, if its connection was not lost before; milliseconds, monotonic. */
  get heldUntil(): number {
    return this.#heldUntil;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#pings);
    clearTimeout(this.#end);
    this.#channel?.close().catch(() => {}); // it has gone by itself
    this.#channel = undefined;
  }

  async #ping(): Promise<void> {
    if (this.#isPinging || this.#closed) return;
    this.#isPinging = true;
    try {
      const channel = this.#channel ?? (await this.#open());
      if (channel === undefined) return;
      const sentAt = this.clock.now();
      await channel.prefetch(0);
      if (this.#channel === channel) this.#renew(sentAt);
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) throw error;
    } finally {
      this.#isPinging = false;
    }
  }

  async #open(): Promise<Channel | undefined> {
    const channel = await this.connection.channel();
    if (this.#closed) {
      channel.close().catch(() => {}); // as in `close`
      return undefined;
    }
    channel.once('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      this.#until = 0; // what was held has gone with it
      clearTimeout(this.#end);
    });
    this.#channel = channel;
    return channel;
  }

  #renew(sentAt: number): void {
    const { heartbeatMs } = this.connection;
    const held = this.holds;
    this.#until = heartbeatMs === 0 ? Number.POSITIVE_INFINITY : sentAt + HEARTBEATS_OF_A_LEASE * heartbeatMs;
    this.#heldUntil = this.#until;
    if (heartbeatMs > 0) this.#lookAt(this.#until);
    if (!held) this.listener.onHolds?.();
  }

  #lookAt(until: number): void {
    clearTimeout(this.#end);
    this.#end = setTimeout(
      () => {
        if (this.#closed || this.#channel === undefined) return;
        if (this.holds) this.#lookAt(this.clock.now() + this.connection.heartbeatMs / PINGS_PER_HEARTBEAT);
        else this.listener.onOver();
      },
      Math.max(0, until - this.clock.now()),
    );
  }
}
