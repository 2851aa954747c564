import type { Delivery, Message } from './delivery.js';
import type { PublishProperties } from './publish-properties.js';

/** Arguments of a queue, an exchange, a binding or a consumer. */
export type Arguments = Readonly<Record<string, unknown>>;

export interface QueueOptions {
  readonly exclusive?: boolean;
  readonly durable?: boolean;
  readonly autoDelete?: boolean;
  readonly alternateExchange?: string;
  readonly arguments?: Arguments;
}

export interface ExchangeOptions {
  readonly durable?: boolean;
  readonly internal?: boolean;
  readonly autoDelete?: boolean;
  readonly arguments?: Arguments;
}

export interface ConsumeOptions {
  readonly consumerTag?: string;
  readonly noAck?: boolean;
  readonly exclusive?: boolean;
  readonly priority?: number;
  readonly arguments?: Arguments;
}

export interface QueueCounts {
  readonly queue: string;
  /** Ready, not those that are unacknowledged. */
  readonly messageCount: number;
  readonly consumerCount: number;
}

/** What an acknowledgement reads of a message. */
type Tagged = { readonly fields: { readonly deliveryTag: number } };

/**
 * A channel, by what fairq uses of amqplib's. Each request rejects when the broker says no, and the broker closes
 * the channel with that answer.
 */
export interface Channel {
  on(event: 'return', listener: (message: Message) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'close' | 'drain', listener: () => void): unknown;
  once(event: 'return', listener: (message: Message) => void): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'close' | 'drain', listener: () => void): unknown;
  removeAllListeners(event: 'close'): unknown;
  close(): Promise<void>;
  /** The broker has been asked to close the channel: nothing can be sent on it any more. */
  readonly isClosing?: boolean;

  assertQueue(queue: string, options?: QueueOptions): Promise<QueueCounts>;
  checkQueue(queue: string): Promise<QueueCounts>;
  deleteQueue(
    queue: string,
    options?: { readonly ifUnused?: boolean; readonly ifEmpty?: boolean },
  ): Promise<{ readonly messageCount: number }>;
  purgeQueue(queue: string): Promise<{ readonly messageCount: number }>;
  bindQueue(queue: string, exchange: string, key: string, args?: Arguments): Promise<unknown>;
  unbindQueue(queue: string, exchange: string, key: string, args?: Arguments): Promise<unknown>;
  assertExchange(exchange: string, type: string, options?: ExchangeOptions): Promise<unknown>;
  checkExchange(exchange: string): Promise<unknown>;
  deleteExchange(exchange: string, options?: { readonly ifUnused?: boolean }): Promise<unknown>;

  /** @returns false where what is to be sent waits in this process */
  publish(exchange: string, key: string, content: Buffer, properties?: PublishProperties): boolean;
  sendToQueue(queue: string, content: Buffer, properties?: PublishProperties): boolean;

  /** @param onMessage is given null when the broker ends the consumer */
  consume(
    queue: string,
    onMessage: (message: Delivery | null) => void,
    options?: ConsumeOptions,
  ): Promise<{ readonly consumerTag: string }>;
  cancel(consumerTag: string): Promise<unknown>;
  get(queue: string, options?: { readonly noAck?: boolean }): Promise<Message | false>;
  ack(message: Tagged, allUpTo?: boolean): void;
  nack(message: Tagged, allUpTo?: boolean, requeue?: boolean): void;
  nackAll(requeue?: boolean): void;
  prefetch(count: number): Promise<unknown>;
}

/** What the broker says of a message: nothing where it has it. `isNack` tells its no from a channel that was lost. */
export type OnConfirm = (error: unknown) => void;

/** A channel on which the broker confirms each message. */
export interface ConfirmChannel extends Channel {
  publish(
    exchange: string,
    key: string,
    content: Buffer,
    properties?: PublishProperties,
    onConfirm?: OnConfirm,
  ): boolean;
  sendToQueue(queue: string, content: Buffer, properties?: PublishProperties, onConfirm?: OnConfirm): boolean;
}
