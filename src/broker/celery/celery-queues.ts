import type { Channel } from 'amqplib';
import { ChannelPool } from '../channel-pool.js';
import { type Connection, replyCode } from '../connection.js';
import { explainRefusal } from '../refusal.js';

const CHANNELS = 8;
const MOST_TRIES = 5;

/**
 * Makes queues as Celery does where an app names one that it does not know (`app.amqp.queues.new_missing`): a
 * durable queue, and a durable direct exchange of the same name with that name as the key. Safe to repeat, by
 * either side.
 */
export class CeleryQueues {
  readonly #channels: ChannelPool;

  constructor(connection: Connection) {
    this.#channels = new ChannelPool(connection, CHANNELS);
  }

  async make(queue: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#channels.with((channel) => declare(channel, queue));
        return;
      } catch (error) {
        // It is there, made as something else: that is the application's choice.
        if (replyCode(error) === 406) return;
        // Somebody prunes it at the moment, the queue or its exchange.
        if (replyCode(error) === 404 && tries < MOST_TRIES) continue;
        throw explainRefusal(error, `the queue "${queue}"`);
      }
    }
  }

  /** Deletes the exchange of a queue that is gone, unless something else is bound to it. */
  async removeExchange(queue: string): Promise<void> {
    await this.#channels.with(async (channel) => {
      try {
        await channel.deleteExchange(queue, { ifUnused: true });
      } catch (error) {
        if (replyCode(error) === 406) return; // it is in use
        throw explainRefusal(error, `the exchange "${queue}"`);
      }
    });
  }
}

async function declare(channel: Channel, queue: string): Promise<void> {
  await channel.assertQueue(queue, { durable: true });
  await channel.assertExchange(queue, 'direct', { durable: true });
  await channel.bindQueue(queue, queue, queue);
}
