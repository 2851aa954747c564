import type { Channel } from '../../../broker/connection/channel.js';
import { type Connection, replyCode } from '../../../broker/connection/connection.js';

/** Asks the broker for tasks that are ready, by its exact counts: management's are 5 s old. */
export class ReadyTasks {
  /** Undefined before the first question, and after an error: the broker closes the channel on every one. */
  #channel: Channel | undefined;

  constructor(private readonly connection: Connection) {}

  /** Whether there is none in these queues. A queue that is not there has none. */
  async noneIn(queues: readonly string[]): Promise<boolean> {
    for (const queue of queues) {
      const count = await this.#countOf(queue);
      if (count === 'unknown' || (count ?? 0) > 0) return false;
    }
    return true;
  }

  /** How many each has; a queue that is not there, or of which nobody can tell for now, is left out. */
  async countsIn(queues: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const queue of queues) {
      const count = await this.#countOf(queue);
      if (typeof count === 'number') counts.set(queue, count);
    }
    return counts;
  }

  /** @returns undefined where it is not there */
  async #countOf(queue: string): Promise<number | 'unknown' | undefined> {
    try {
      return (await (await this.#open()).checkQueue(queue)).messageCount;
    } catch (error) {
      // A channel that went with its connection: nobody can tell for now.
      if (replyCode(error) === undefined && this.#channel === undefined) return 'unknown';
      if (replyCode(error) !== 404) throw error;
      return undefined;
    }
  }

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
