import { EventEmitter } from 'node:events';
import type { Channel, ConfirmChannel, OnConfirm } from '../../src/broker/connection/channel.js';
import type { Connection } from '../../src/broker/connection/connection.js';
import type { PublishProperties } from '../../src/broker/connection/publish-properties.js';

interface Published {
  readonly exchange: string;
  readonly key: string;
  readonly properties: PublishProperties;
  readonly onConfirm: OnConfirm;
}

/** Stands for the broker's end of a channel with confirms: the test says what the broker answers. */
export class TestConfirmChannel extends EventEmitter {
  /** What has no answer, oldest first. */
  readonly published: Published[] = [];
  hasRoom = true;
  #isClosed = false;

  publish(
    exchange: string,
    key: string,
    _body: Buffer,
    properties: PublishProperties,
    onConfirm: OnConfirm,
  ): boolean {
    this.published.push({ exchange, key, properties, onConfirm });
    return this.hasRoom;
  }

  /** Ids of messages that have no answer. */
  get ids(): (string | undefined)[] {
    return this.published.map(({ properties }) => properties.messageId);
  }

  confirm(): void {
    this.published.shift()?.onConfirm(null);
  }

  nack(): void {
    this.published.shift()?.onConfirm(new Error('message nacked'));
  }

  /** No queue is there for the oldest message. */
  return(): void {
    this.emit('return', { properties: this.published[0]?.properties });
    this.confirm();
  }

  async close(): Promise<void> {
    this.lose();
  }

  /** Everything that is asked for is there. */
  async assertExchange(): Promise<void> {}

  async checkExchange(): Promise<void> {}

  /** Every queue is there, and nobody makes one. */
  async checkQueue(queue: string) {
    if (queue.endsWith('.making')) throw Object.assign(new Error('no queue'), { code: 404 });
    return { queue, messageCount: 0, consumerCount: 0 };
  }

  /** @param reason the broker's, where it closes this channel alone */
  lose(reason?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (reason !== undefined) this.emit('error', new Error(reason));
    this.emit('close');
    for (const { onConfirm } of this.published.splice(0)) onConfirm(new Error('channel closed'));
  }
}

/** A connection that opens such channels. `channels`: those with confirms, the latest last. */
export function testConnection() {
  const channels: TestConfirmChannel[] = [];
  const connection = {
    blocked: false,
    isConnected: true,
    brokerVersion: '3.10.8',
    channel: async () => new TestConfirmChannel() as unknown as Channel,
    confirmChannel: async () => {
      const channel = new TestConfirmChannel();
      channel.on('error', () => {});
      channels.push(channel);
      return channel as unknown as ConfirmChannel;
    },
  };
  return { connection: connection as Partial<Connection> as Connection, channels };
}
