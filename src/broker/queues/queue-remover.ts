import type { Names } from '../../core/queues/names.js';
import type { Channel } from '../connection/channel.js';
import { ChannelPool } from '../connection/channel-pool.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';

/** What the queue says of itself, exact in this moment. */
export interface QueueCounts {
  readonly ready: number;
  readonly consumers: number;
}

/** The steps of taking a queue away; in which order they lose nothing is for `run/queues/prune/prune.ts` to know. */
export class QueueRemover {
  readonly #channels: ChannelPool;

  /** @param concurrency channels, each with one request under way at a time */
  constructor(
    connection: Connection,
    private readonly names: Names,
    concurrency: number,
  ) {
    this.#channels = new ChannelPool(connection, concurrency);
  }

  /** Does nothing where the queue is not there. */
  async unbind(queue: string, key: string): Promise<void> {
    await this.#unlessGone(queue, (channel) => channel.unbindQueue(queue, this.names.taskExchange, key));
  }

  /** Does nothing where the queue is not there. */
  async bind(queue: string, key: string): Promise<void> {
    await this.#unlessGone(queue, (channel) => channel.bindQueue(queue, this.names.taskExchange, key));
  }

  /** Undefined where it is not there. */
  async counts(queue: string): Promise<QueueCounts | undefined> {
    return this.#channels.with(async (channel) => {
      try {
        const { messageCount, consumerCount } = await channel.checkQueue(queue);
        return { ready: messageCount, consumers: consumerCount };
      } catch (error) {
        if (replyCode(error) === 404) return undefined;
        throw explainRefusal(error, `the queue "${queue}"`);
      }
    });
  }

  /**
   * Deletes a queue in which nothing is ready and which nobody consumes; the queue itself looks, in the same
   * moment. A quorum queue cannot: it is looked at just before.
   *
   * @returns false where the queue was not so
   */
  async removeUnused(queue: string, type: string): Promise<boolean> {
    const isQuorum = type === 'quorum';
    if (isQuorum) {
      const found = await this.counts(queue);
      if (found !== undefined && found.ready + found.consumers > 0) return false;
    }
    const conditions = isQuorum ? {} : { ifEmpty: true, ifUnused: true };
    return this.#channels.with(async (channel) => {
      try {
        await channel.deleteQueue(queue, conditions);
        return true;
      } catch (error) {
        if (replyCode(error) === 406) return false;
        throw explainRefusal(error, `the queue "${queue}"`);
      }
    });
  }

  /** Throws away what is ready; how many tasks that were. */
  async purge(queue: string): Promise<number> {
    const { messageCount } = await this.#ask(queue, (channel) => channel.purgeQueue(queue));
    return messageCount;
  }

  /** Deletes a queue with all that is in it; how many tasks were ready. */
  async removeWithAll(queue: string): Promise<number> {
    const { messageCount } = await this.#ask(queue, (channel) => channel.deleteQueue(queue));
    return messageCount;
  }

  async #unlessGone(queue: string, ask: (channel: Channel) => Promise<unknown>): Promise<void> {
    await this.#channels.with(async (channel) => {
      try {
        await ask(channel);
      } catch (error) {
        if (replyCode(error) !== 404) throw explainRefusal(error, `the queue "${queue}"`);
      }
    });
  }

  async #ask<R>(queue: string, ask: (channel: Channel) => Promise<R>): Promise<R> {
    return this.#channels.with(async (channel) => {
      try {
        return await ask(channel);
      } catch (error) {
        throw explainRefusal(error, `the queue "${queue}"`);
      }
    });
  }
}
