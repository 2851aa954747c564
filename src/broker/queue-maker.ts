import type { Channel } from 'amqplib';
import { type Names, userOfQueue } from '../core/names.js';
import { type Connection, replyCode } from './connection.js';
import { explainRefusal, type QueueType, userQueueArguments } from './topology.js';

/** A channel has one request under way at a time; a few of them make many queues side by side. */
const CHANNELS = 8;

export type QueueState = 'made' | 'there';

/**
 * Makes user queues for a publisher whose messages came back unroutable. A queue that is there but
 * not bound is left alone: somebody may be pruning it, and binding it again under the pruner's hands
 * is how tasks get lost.
 */
export class QueueMaker {
  readonly #idle: Channel[] = [];
  readonly #waiting: ((channel: Channel) => void)[] = [];
  #open = 0;

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly type: QueueType,
  ) {}

  /** Declares and binds the queue unless it exists. */
  async makeUnlessThere(queue: string, routingKey: string): Promise<QueueState> {
    if (await this.#exists(queue)) return 'there';
    await this.bind(queue, routingKey, true);
    return 'made';
  }

  async bind(queue: string, routingKey: string, declare = false): Promise<void> {
    await this.#withChannel(async (channel) => {
      try {
        if (declare) {
          await channel.assertQueue(queue, { durable: true, arguments: userQueueArguments(this.type) });
        }
        await channel.bindQueue(queue, this.names.taskExchange, routingKey);
      } catch (error) {
        throw explainRefusal(
          error,
          `the queue "${queue}" of user ${JSON.stringify(userOfQueue(this.names, queue) ?? queue)}`,
        );
      }
    });
  }

  async #exists(queue: string): Promise<boolean> {
    return this.#withChannel(async (channel) => {
      try {
        await channel.checkQueue(queue);
        return true;
      } catch (error) {
        if (replyCode(error) === 404) return false;
        throw explainRefusal(error, `the queue "${queue}"`);
      }
    });
  }

  /** Lends a channel out. One that the broker closed, as it does on every error, is replaced. */
  async #withChannel<R>(use: (channel: Channel) => Promise<R>): Promise<R> {
    const channel = await this.#take();
    let closed = false;
    const noteClose = () => {
      closed = true;
    };
    channel.once('close', noteClose);
    try {
      return await use(channel);
    } finally {
      channel.off('close', noteClose);
      if (closed) {
        this.#open--;
        const next = this.#waiting.shift();
        if (next) this.#openOne().then(next, () => {});
      } else {
        const next = this.#waiting.shift();
        if (next) next(channel);
        else this.#idle.push(channel);
      }
    }
  }

  async #take(): Promise<Channel> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#open < CHANNELS) return this.#openOne();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #openOne(): Promise<Channel> {
    this.#open++;
    return this.connection.channel();
  }
}
