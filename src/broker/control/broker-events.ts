import {
  decodeQueueEvent,
  QUEUE_CREATED,
  QUEUE_DELETED,
  type QueueEvent,
} from '../../core/queues/queue-event.js';
import type { Connection } from '../connection/connection.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { ownQueueToListen } from '../queues/own-queue.js';

/** Where the plugin rabbitmq_event_exchange publishes what happens in all vhosts. It is in one of them. */
export const EVENT_EXCHANGE = 'amq.rabbitmq.event';

export interface BrokerEventsListener {
  onEvent(event: QueueEvent): void;
  /** Events come. Again after a lost connection, during which none was heard. */
  onHears(): void;
  /** They cannot be heard any more: the exchange or the right to it has gone, or the connection is given up. */
  onFailure(error: Error): void;
}

/**
 * Hears of queues that are made and deleted. The exchange stays when its plugin is disabled, and says nothing then.
 * Therefore each channel makes and deletes a queue as soon as it listens: the event of that shows that the plugin runs.
 *
 * @param connection to the vhost of the exchange
 * @throws Error where the exchange is not there, or may not be read
 */
export function listenToBroker(
  connection: Connection,
  listener: BrokerEventsListener,
): Promise<ReconnectingChannel> {
  return ReconnectingChannel.open(
    () => connection.channel(),
    async (channel) => {
      const queue = await ownQueueToListen(channel);
      for (const key of [QUEUE_CREATED, QUEUE_DELETED]) await channel.bindQueue(queue, EVENT_EXCHANGE, key);
      let probe: string | undefined;
      await channel.consume(
        queue,
        (message) => {
          const event = message && decodeQueueEvent(message.fields.routingKey, message.properties.headers);
          if (!event) return;
          if (event.queue === probe && event.kind === 'deleted') listener.onHears();
          else listener.onEvent(event);
        },
        { noAck: true },
      );
      probe = await ownQueueToListen(channel);
      await channel.deleteQueue(probe);
    },
    listener,
  );
}
