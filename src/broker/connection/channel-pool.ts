import type { Channel } from './channel.js';
import type { Connection } from './connection.js';

/**
 * Channels to ask the broker on. A channel has one request under way at a time, so a few of them do many
 * things side by side; and every refusal costs one, so they are lent out and not kept.
 */
export class ChannelPool {
  readonly #idle: Channel[] = [];
  readonly #open = new Set<Channel>();
  readonly #waiting: { resolve(channel: Channel): void; reject(error: unknown): void }[] = [];
  #opening = 0;

  /** @param size channels at the most */
  constructor(
    private readonly connection: Connection,
    private readonly size: number,
  ) {}

  /** Lends a channel out. One that is lost, as happens on every error, is not lent again. */
  async with<R>(use: (channel: Channel) => Promise<R>): Promise<R> {
    const channel = await this.#take();
    try {
      return await use(channel);
    } finally {
      const next = this.#open.has(channel) ? this.#waiting.shift() : undefined;
      if (next) next.resolve(channel);
      else if (this.#open.has(channel)) this.#idle.push(channel);
    }
  }

  async #take(): Promise<Channel> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#open.size + this.#opening < this.size) return this.#openOne();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async #openOne(): Promise<Channel> {
    this.#opening++;
    try {
      const channel = await this.connection.channel();
      this.#open.add(channel);
      channel.once('close', () => this.#lost(channel));
      return channel;
    } catch (error) {
      // Whoever waits for a channel of others waits in vain where there are none: each has its own answer.
      if (this.#open.size === 0) for (const { reject } of this.#waiting.splice(0)) reject(error);
      throw error;
    } finally {
      this.#opening--;
    }
  }

  #lost(channel: Channel): void {
    this.#open.delete(channel);
    const at = this.#idle.indexOf(channel);
    if (at >= 0) this.#idle.splice(at, 1);
    const next = this.#waiting.shift();
    if (next) this.#openOne().then(next.resolve, next.reject);
  }
}
