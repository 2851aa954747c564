import { refusedError } from '../../core/errors/errors.js';
import type { Channel } from '../connection/channel.js';
import { ChannelPool } from '../connection/channel-pool.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { isThereNow } from '../queues/queue-presence.js';

const CHANNELS = 8;
const MOST_TRIES = 5;
const EXCHANGE_TYPES = ['direct', 'topic', 'fanout', 'headers'];

/** How a queue gets its messages. */
export interface CeleryBinding {
  readonly exchange: string;
  readonly exchangeType: string;
  readonly routingKey: string;
}

/**
 * Makes queues as Celery does where an app names one that it does not know (`app.amqp.queues.new_missing`): a
 * durable queue, and a durable direct exchange of the same name with that name as the key. Safe to repeat, by
 * either side.
 */
export class CeleryQueues {
  readonly #channels: ChannelPool;

  constructor(private readonly connection: Connection) {
    this.#channels = new ChannelPool(connection, CHANNELS);
  }

  /** @param binding other than to the exchange of its name */
  async make(queue: string, binding: Partial<CeleryBinding> = {}): Promise<void> {
    const bound = { exchange: queue, exchangeType: 'direct', routingKey: queue, ...binding };
    if (!EXCHANGE_TYPES.includes(bound.exchangeType)) {
      // The broker would close the connection for it.
      throw refusedError(
        'BROKER_REFUSED',
        `the queue "${queue}": there are no ${bound.exchangeType} exchanges`,
      );
    }
    for (let tries = 1; ; tries++) {
      try {
        await this.#channels.with((channel) => declare(channel, queue, bound));
        return;
      } catch (error) {
        // It is there, made as something else: that is the application's choice.
        if (bound.exchange === queue && (await isThereNow(this.connection, queue, error))) return;
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

async function declare(
  channel: Channel,
  queue: string,
  { exchange, exchangeType, routingKey }: CeleryBinding,
): Promise<void> {
  // Without a type, as Celery declares it: where the vhost has another default, Celery could not declare it again.
  await channel.assertQueue(queue, { durable: true });
  await channel.assertExchange(exchange, exchangeType, { durable: true });
  await channel.bindQueue(queue, exchange, routingKey);
}
