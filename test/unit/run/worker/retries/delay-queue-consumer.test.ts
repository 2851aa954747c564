import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../../../../src/broker/connection/channel.js';
import type { Connection } from '../../../../../src/broker/connection/connection.js';
import type { Delivery } from '../../../../../src/broker/connection/delivery.js';
import { delayQueueOf, namesFor } from '../../../../../src/core/queues/names.js';
import { DelayQueueConsumer } from '../../../../../src/run/worker/retries/delay-queue-consumer.js';

const names = namesFor('fairq');
const OWN = delayQueueOf(names, 1_000);
const OTHERS = delayQueueOf(names, 60_000);
const NOW = 1_000_000_000_000;

/** Stands for the broker's end of a channel: it has every queue that it is asked for. */
class DelayChannel extends EventEmitter {
  readonly consumed: string[] = [];
  readonly givenBack: number[] = [];
  readonly #consumers = new Map<string, (message: Delivery | null) => void>();
  #tags = 0;

  async checkQueue(queue: string) {
    return { queue, messageCount: 0, consumerCount: 0 };
  }
  async prefetch(): Promise<void> {}
  async cancel(): Promise<void> {}
  async close(): Promise<void> {
    this.emit('close');
  }
  async consume(queue: string, onMessage: (message: Delivery | null) => void): Promise<void> {
    this.consumed.push(queue);
    this.#consumers.set(queue, onMessage);
  }
  nack({ fields }: Delivery): void {
    this.givenBack.push(fields.deliveryTag);
  }

  /** A task comes that failed so many milliseconds ago. */
  deliver(queue: string, agoMs: number): void {
    this.#consumers.get(queue)!({
      content: Buffer.alloc(0),
      fields: { deliveryTag: ++this.#tags, redelivered: false },
      properties: { messageId: `${this.#tags}`, headers: { 'x-fairq-last-end': (NOW - agoMs) * 1_000 } },
    } as unknown as Delivery);
  }
}

let channels: DelayChannel[];
let consumer: DelayQueueConsumer;
let due: string[];
let lost: number;

beforeEach(async () => {
  vi.useFakeTimers();
  channels = [];
  due = [];
  lost = 0;
  const connection = {
    channel: async () => {
      const channel = new DelayChannel();
      channels.push(channel);
      return channel as unknown as Channel;
    },
  } as Partial<Connection> as Connection;
  const clock = { now: () => NOW, epochMicros: () => NOW * 1_000 };
  consumer = await DelayQueueConsumer.open(
    { connection, names, clock },
    { queueType: 'classic', delaysMs: [1_000] },
    {
      onDue: ({ message }) => due.push(String(message.properties.messageId)),
      onLost: () => {
        lost++;
      },
      onFailure: (error) => {
        throw error;
      },
    },
  );
});
afterEach(() => {
  consumer.close();
  vi.useRealTimers();
});

/** That on which the delay queues are consumed: others look whether they are there. */
function current(): DelayChannel {
  return channels.findLast((channel) => channel.listenerCount('close') > 0)!;
}

describe('the delay queues', () => {
  it('are not consumed before the worker begins', async () => {
    consumer.take([OTHERS]);
    await vi.advanceTimersByTimeAsync(0);
    expect(channels.flatMap(({ consumed }) => consumed)).toEqual([]);
    await consumer.begin();
    expect(current().consumed).toEqual([OWN, OTHERS]);
  });

  it('are consumed once, though one is found while the worker begins', async () => {
    const begun = consumer.begin();
    consumer.take([OTHERS, OWN, 'fairq.user.A']);
    await begun;
    expect(current().consumed.toSorted()).toEqual([OWN, OTHERS].toSorted());
  });

  it('are consumed again when their channel was lost, before the worker begins or after', async () => {
    current().emit('close');
    await vi.advanceTimersByTimeAsync(0);
    expect(lost).toBe(0);
    await consumer.begin();
    expect(current().consumed).toEqual([OWN]);
    const before = current();
    before.emit('close');
    await vi.advanceTimersByTimeAsync(0);
    expect(lost).toBe(1);
    expect(current()).not.toBe(before);
    expect(current().consumed).toEqual([OWN]);
  });

  it('give a task when its wait is over, and have back what waits at the end', async () => {
    await consumer.begin();
    const channel = current();
    channel.deliver(OWN, 5_000);
    channel.deliver(OWN, 400);
    channel.deliver(OWN, 0);
    expect([due, consumer.ownHeld]).toEqual([['1'], 2]);
    await vi.advanceTimersByTimeAsync(600);
    expect(due).toEqual(['1', '2']);
    await consumer.stop();
    expect([due, channel.givenBack]).toEqual([['1', '2'], [3]]);
  });
});
