import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../../../src/broker/connection/channel.js';
import type { Delivery } from '../../../../src/broker/connection/delivery.js';
import { BatchedAcks } from '../../../../src/broker/streams/batched-acks.js';

/** Stands for a channel: it keeps up to which tag was acknowledged, each time. */
class AckedChannel extends EventEmitter {
  readonly acked: number[] = [];
  isClosing = false;

  ack({ fields }: Delivery, allUpTo: boolean): void {
    expect([allUpTo, this.isClosing]).toEqual([true, false]);
    this.acked.push(fields.deliveryTag);
  }
}

let channel: AckedChannel;
let acks: BatchedAcks;
let tag: number;

beforeEach(() => {
  vi.useFakeTimers();
  channel = new AckedChannel();
  acks = new BatchedAcks(channel as unknown as Channel);
  tag = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

function hear(count: number): void {
  for (let i = 0; i < count; i++) acks.add({ fields: { deliveryTag: ++tag } } as Delivery);
}

describe('messages of a stream', () => {
  it('are acknowledged fifty at a time', () => {
    hear(120);
    expect(channel.acked).toEqual([50, 100]);
  });

  it('are acknowledged soon where no others come, once', async () => {
    hear(60);
    await vi.advanceTimersByTimeAsync(100);
    expect(channel.acked).toEqual([50, 60]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(channel.acked).toEqual([50, 60]);
  });

  it('are acknowledged at once for a reader that has to know', async () => {
    hear(3);
    acks.flush();
    acks.flush();
    expect(channel.acked).toEqual([3]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(channel.acked).toEqual([3]);
  });

  it('are acknowledged no more on a channel that closes, or is closed', async () => {
    hear(3);
    channel.isClosing = true;
    await vi.advanceTimersByTimeAsync(100);
    channel.isClosing = false;
    hear(3);
    channel.emit('close');
    await vi.advanceTimersByTimeAsync(100);
    expect(channel.acked).toEqual([]);
  });
});
