import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../../src/broker/connection/delivery.js';
import { ENVELOPE_HEADER, encodeEnvelope } from '../../../../../src/core/message/envelope.js';
import { FairScheduler } from '../../../../../src/core/scheduling/fair-scheduler.js';
import type { ConsumedQueue } from '../../../../../src/run/worker/intake/consumed-queue.js';
import { Rests } from '../../../../../src/run/worker/intake/rests.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';
import { consumedQueue } from '../../../../support/consumed-queue.js';

/** When the clock of this test is at 0; microseconds since the epoch. */
const EPOCH = Date.UTC(2026, 0) * 1000;
const PREFETCH = 50;
const LOOK_EVERY_MS = 5;

/** A worker that runs a task each millisecond. Of A it always has some. */
class OneSlot {
  now = 0;
  order = '';
  readonly scheduler = new FairScheduler<DeliveredTask>();
  readonly rests = new Rests(this.scheduler, {
    now: () => this.now,
    epochMicros: () => EPOCH + this.now * 1000,
  });
  readonly a = this.queue('A');
  readonly b = this.queue('B');

  /** A queue whose prefetch has been full; nothing of it is here. */
  queue(user: string): ConsumedQueue {
    const queue = consumedQueue({
      user,
      prefetch: PREFETCH,
      outstanding: PREFETCH,
      scheduler: this.scheduler,
    });
    for (let i = 0; i < PREFETCH; i++) queue.wentBack();
    return queue;
  }

  deliver(queue: ConsumedQueue, message: Delivery, count = 1): void {
    for (let i = 0; i < count; i++) {
      this.rests.delivered(queue, message, this.now, false);
      queue.delivered(this.now);
      this.scheduler.push(queue.lane, { lane: queue.lane, queue } as unknown as DeliveredTask);
    }
  }

  /** Starts so many tasks, one after the other, and lets users rest who have nothing here. */
  run(tasks: number): string {
    let users = '';
    for (let i = 0; i < tasks; i++) {
      if (this.a.lane.prefetched.size === 0) this.deliver(this.a, message({ sentAt: 0 }), PREFETCH);
      const task = this.scheduler.next();
      if (task === undefined) throw new Error('nobody has a task');
      users += task.lane.user;
      task.queue.settled(++this.now);
      if (this.now % LOOK_EVERY_MS !== 0) continue;
      this.scheduler.note(this.now);
      if (this.b.isActive && this.rests.isDue(this.b, this.now, false)) {
        this.rests.rest(this.b, this.now);
      }
    }
    return users;
  }
}

/** @param sentAt on the test's clock, milliseconds */
function message(given: { sentAt: number; attempt?: number; redelivered?: boolean }): Delivery {
  const { sentAt, attempt = 1, redelivered = false } = given;
  const at = EPOCH + sentAt * 1000;
  const envelope = { user: 'B', run: 'run', sequence: 1, attempt, sentAt: at, intendedAt: at };
  return {
    fields: { redelivered },
    properties: { headers: { [ENVELOPE_HEADER]: encodeEnvelope(envelope) } },
  } as unknown as Delivery;
}

/** B has had ten turns beside A, and for 200 ms the broker has sent nothing of it. */
function afterSilence(): OneSlot {
  const worker = new OneSlot();
  worker.deliver(worker.b, message({ sentAt: 0 }), 10);
  expect(count(worker.run(20), 'B')).toBe(10);
  expect(count(worker.run(200), 'B')).toBe(0);
  expect(worker.b.lane.resting).toBe(true);
  return worker;
}

function count(users: string, user: string): number {
  return users.split(user).length - 1;
}

describe('a user of whom the broker has sent nothing for a while', () => {
  it('has the turns back that it has missed where its tasks were there all the time, one prefetch at most', () => {
    const worker = afterSilence();
    worker.deliver(worker.b, message({ sentAt: 1 }), 100);
    expect(worker.run(PREFETCH)).toBe('B'.repeat(PREFETCH));
    expect(count(worker.run(40), 'B')).toBeLessThanOrEqual(21);
  });

  it('has back what it has missed since its task was sent', () => {
    const worker = afterSilence();
    worker.deliver(worker.b, message({ sentAt: worker.now - 30 }), 100);
    expect(count(worker.run(25), 'A')).toBe(0);
    expect(count(worker.run(40), 'B')).toBeLessThanOrEqual(26);
  });

  it.each([
    ['its task has only just been sent', (now: number) => message({ sentAt: now })],
    ['the clock of its publisher is ahead', (now: number) => message({ sentAt: now + 5_000 })],
    ['its task was tried before', () => message({ sentAt: 1, attempt: 2 })],
    ['another worker had its task meanwhile', () => message({ sentAt: 1, redelivered: true })],
    ['nobody knows when its task was sent', () => ({ fields: {}, properties: {} }) as Delivery],
  ])('starts at the present where %s', (_, messageAt) => {
    const worker = afterSilence();
    worker.deliver(worker.b, messageAt(worker.now), 100);
    expect(worker.run(10)).toBe('BA'.repeat(5));
  });

  it('starts at the present where its queue was left to other workers', () => {
    const worker = afterSilence();
    worker.b.takeBack(worker.now);
    worker.deliver(worker.b, message({ sentAt: 1 }), 100);
    expect(worker.run(10)).toBe('BA'.repeat(5));
  });

  it('counts as one that may have more, and so does one of whom not all has come that was found waiting', () => {
    const worker = new OneSlot();
    worker.b.found(500);
    for (let i = 0; i < 5; i++) {
      worker.b.delivered(0);
      worker.b.settled(0);
    }
    worker.now = 100;
    worker.rests.delivered(worker.b, message({ sentAt: -1 }), worker.now, false);
    expect(worker.b).toMatchObject({ backlog: 500, limited: true, isActive: true });
    worker.rests.delivered(worker.b, { fields: {}, properties: {} } as Delivery, worker.now, false);
    expect(worker.b).toMatchObject({ backlog: 500, limited: true, isActive: true });
    worker.rests.delivered(worker.b, message({ sentAt: worker.now }), worker.now, false);
    expect(worker.b).toMatchObject({ backlog: 0, limited: false });
  });
});

describe('a user that sends less than its part', () => {
  it('saves nothing up, though each of its tasks is older than the end of the one before', () => {
    const worker = new OneSlot();
    worker.b.rest(worker.now);
    for (let i = 0; i < 100; i++) {
      worker.deliver(worker.b, message({ sentAt: worker.now - 6 }));
      worker.run(10);
    }
    worker.deliver(worker.b, message({ sentAt: worker.now }), 100);
    expect(count(worker.run(40), 'B')).toBeLessThanOrEqual(25);
  });
});
