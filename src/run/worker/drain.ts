import type { Channel } from '../../broker/connection/channel.js';
import { type Connection, replyCode } from '../../broker/connection/connection.js';
import type { Clock } from '../../core/values/clock.js';

/** Finds out whether there is nothing left to do. */
export class Drain {
  #channel: Channel | undefined;
  #idleSince: number | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
  ) {}

  /** Milliseconds since the last time that it was called with `busy`. */
  idleFor(busy: boolean): number {
    const now = this.clock.now();
    if (busy || this.#idleSince === undefined) this.#idleSince = now;
    return now - this.#idleSince;
  }

  /** Whether no queue has a task ready, by the broker's exact counts: management's are 5 s old. */
  async empty(queues: readonly string[]): Promise<boolean> {
    for (const queue of queues) {
      try {
        const { messageCount } = await (await this.#open()).checkQueue(queue);
        if (messageCount > 0) return false;
      } catch (error) {
        // A channel that went with its connection: nobody can tell for now.
        if (replyCode(error) === undefined && this.#channel === undefined) return false;
        if (replyCode(error) !== 404) throw error;
      }
    }
    return true;
  }

  /** The broker closes the channel on every error. */
  async #open(): Promise<Channel> {
    if (this.#channel !== undefined) return this.#channel;
    const channel = await this.connection.channel();
    channel.once('close', () => {
      this.#channel = undefined;
    });
    this.#channel = channel;
    return channel;
  }
}
