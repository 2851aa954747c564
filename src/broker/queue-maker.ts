import type { Channel } from 'amqplib';
import { type Names, userOfQueue } from '../core/names.js';
import { type Connection, replyCode } from './connection.js';
import { explainRefusal } from './refusal.js';
import { type QueueKind, userQueueArguments } from './topology.js';

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
  readonly #open = new Set<Channel>();
  readonly #waiting: { resolve(channel: Channel): void; reject(error: unknown): void }[] = [];
  #opening = 0;

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly kind: QueueKind,
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
          await channel.assertQueue(queue, {
            durable: true,
            arguments: userQueueArguments(this.kind, this.connection.brokerVersion),
          });
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

  /** Lends a channel out. One that is lost, as happens on every error, is not lent again. */
  async #withChannel<R>(use: (channel: Channel) => Promise<R>): Promise<R> {
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
    if (this.#open.size + this.#opening < CHANNELS) return this.#openOne();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async #openOne(): Promise<Channel> {
    this.#opening++;
    try {
      const channel = await this.connection.channel();
      this.#open.add(channel);
      channel.once('close', () => this.#lost(channel));
      return channel;
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
