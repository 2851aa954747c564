import type { Names } from '../../core/queues/names.js';
import type { Channel } from '../connection/channel.js';
import { ChannelPool } from '../connection/channel-pool.js';
import { type Connection, replyCode, wasCutOff } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { QueueProbe } from './queue-probe.js';

/** What the queue says of itself, exact in this moment. */
export interface QueueCounts {
  readonly ready: number;
  readonly consumers: number;
}

/** 'used': it has tasks or consumers, and stays; 'down': it cannot say, and stays. */
export type Removal = 'removed' | 'used' | 'down';

/** The steps of taking a queue away; in which order they lose nothing is for `run/queues/prune/prune.ts` to know. */
export class QueueRemover {
  readonly #channels: ChannelPool;
  readonly #probe: QueueProbe;

  /** @param concurrency channels, each with one request under way at a time */
  constructor(
    connection: Connection,
    private readonly names: Names,
    concurrency: number,
  ) {
    this.#channels = new ChannelPool(connection, concurrency);
    this.#probe = new QueueProbe(connection);
  }

  /** Whether the queue can say what is in it; see `QueueProbe`. */
  answers(queue: string): Promise<boolean> {
    return this.#probe.answers(queue);
  }

  /** Does nothing where the queue is not there. */
  async unbind(queue: string, key: string): Promise<void> {
    await this.#unlessGone(queue, (channel) => channel.unbindQueue(queue, this.names.taskExchange, key));
  }

  /** Does nothing where the queue is not there. */
  async bind(queue: string, key: string): Promise<void> {
    await this.#unlessGone(queue, (channel) => channel.bindQueue(queue, this.names.taskExchange, key));
  }

  /** Undefined where it is not there. A question that is cut off changes nothing, and is asked again with the next connection. */
  async counts(queue: string): Promise<QueueCounts | undefined> {
    for (;;) {
      try {
        return await this.#channels.with((channel) => this.#countsOn(channel, queue));
      } catch (error) {
        // Where there is no next connection, the channel to ask on says why.
        if (!wasCutOff(error)) throw error;
      }
    }
  }

  async #countsOn(channel: Channel, queue: string): Promise<QueueCounts | undefined> {
    try {
      const { messageCount, consumerCount } = await channel.checkQueue(queue);
      return { ready: messageCount, consumers: consumerCount };
    } catch (error) {
      if (replyCode(error) === 404) return undefined;
      throw explainRefusal(error, `the queue "${queue}"`);
    }
  }

  /**
   * Deletes a queue in which nothing is ready and which nobody consumes; the queue itself looks, in the same
   * moment. A quorum queue cannot: it is looked at just before.
   */
  async removeUnused(queue: string, type: string): Promise<Removal> {
    const isQuorum = type === 'quorum';
    if (isQuorum) {
      if (!(await this.#probe.answers(queue))) return 'down';
      const found = await this.counts(queue);
      if (found !== undefined && found.ready + found.consumers > 0) return 'used';
    }
    const conditions = isQuorum ? {} : { ifEmpty: true, ifUnused: true };
    return this.#channels.with(async (channel) => {
      try {
        await channel.deleteQueue(queue, conditions);
        return 'removed';
      } catch (error) {
        if (replyCode(error) === 406) return 'used';
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
