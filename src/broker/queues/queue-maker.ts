import { type Names, ownQueue } from '../../core/queues/names.js';
import { ChannelPool } from '../connection/channel-pool.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { isThereNow } from './queue-presence.js';
import { type QueueKind, userQueueArguments } from './topology.js';

const CHANNELS = 8;

export type QueueState = 'made' | 'there';

/**
 * Makes user queues for a publisher whose messages came back unroutable. A queue that is there but
 * not bound is left alone: somebody may be pruning it, and binding it again under the pruner's hands
 * is how tasks get lost.
 */
export class QueueMaker {
  readonly #channels: ChannelPool;

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly kind: QueueKind,
  ) {
    this.#channels = new ChannelPool(connection, CHANNELS);
  }

  /** Declares and binds the queue unless it exists. */
  async makeUnlessThere(queue: string, routingKey: string): Promise<QueueState> {
    if (await this.#exists(queue)) return 'there';
    try {
      await this.bind(queue, routingKey, true);
    } catch (error) {
      const { cause } = error as Error;
      if (await isThereNow(this.connection, queue, cause)) return 'there';
      throw error;
    }
    return 'made';
  }

  async bind(queue: string, routingKey: string, declare = false): Promise<void> {
    await this.#channels.with(async (channel) => {
      try {
        if (declare) {
          await channel.assertQueue(queue, {
            durable: true,
            arguments: userQueueArguments(this.kind, this.connection.brokerVersion),
          });
        }
        await channel.bindQueue(queue, this.names.taskExchange, routingKey);
      } catch (error) {
        const { kind = 'user', name = queue } = ownQueue(this.names, queue) ?? {};
        throw explainRefusal(error, `the queue "${queue}" of ${kind} ${JSON.stringify(name)}`);
      }
    });
  }

  async #exists(queue: string): Promise<boolean> {
    return this.#channels.with(async (channel) => {
      try {
        await channel.checkQueue(queue);
        return true;
      } catch (error) {
        if (replyCode(error) === 404) return false;
        throw explainRefusal(error, `the queue "${queue}"`);
      }
    });
  }
}
