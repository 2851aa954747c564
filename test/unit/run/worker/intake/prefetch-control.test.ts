import { describe, expect, it } from 'vitest';
import { SpreadQueue } from '../../../../../src/run/worker/intake/spread-queue.js';
import { answered, TestIntake } from '../../../../support/test-intake.js';

describe('the control of the prefetch', () => {
  it('starts with one task for each slot, shared among the queues that were found', async () => {
    const intake = new TestIntake({ concurrency: 10 });
    const [a, b] = await intake.take('A', 'B');
    expect([a!.prefetch, b!.prefetch]).toEqual([5, 5]);
    expect(intake.consumers.prefetch).toEqual(
      new Map([
        ['A', 5],
        ['B', 5],
      ]),
    );
  });

  it('grows at once for a queue that is full of short tasks, and tells the broker once', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.deliver(a!, 10);
    intake.end(a!, 10, 0.01);
    intake.deliver(a!, 10);
    intake.active.weigh();
    intake.prefetch.adjust(a!, false, false);
    intake.prefetch.adjust(a!, false, false);
    expect(a!).toMatchObject({ prefetch: 4_096, resizing: true });
    await answered();
    expect(intake.told).toContain('A has 4096: worker-budget');
    expect(intake.consumers.prefetch.get('A')).toBe(4_096);
    expect(a!.resizing).toBe(false);
  });

  it('does not grow for a queue whose prefetch has never been full', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.deliver(a!, 3);
    intake.end(a!, 3, 0.01);
    intake.prefetch.adjust(a!, true, true);
    expect(a!).toMatchObject({ prefetch: 10, resizing: false });
  });

  it('shrinks only when it may, and gives back what is beyond', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.deliver(a!, 10);
    intake.end(a!, 10, 0.01);
    intake.deliver(a!, 100);
    intake.prefetch.adjust(a!, false, false);
    await answered();
    for (let i = 0; i < 200; i++) intake.times.ended(a!.lane, 60_000);
    intake.start(10);
    intake.prefetch.adjust(a!, false, false);
    expect(a!.prefetch).toBe(4_096);
    intake.prefetch.adjust(a!, false, true);
    expect(a!).toMatchObject({ prefetch: 10, outstanding: 110 - 10 });
    await answered();
    expect(a!.outstanding).toBe(10);
    expect(intake.wentBack).toHaveLength(90);
  });

  it('widens for a user whose prefetch is full while slots are free, and forgets that', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.deliver(a!, 10);
    intake.end(a!, 10, 50);
    intake.deliver(a!, 10);
    for (let i = 0; i < 10 && a!.prefetch < 20; i++) {
      intake.prefetch.adjust(a!, true, false);
      await answered();
      intake.deliver(a!, Math.max(0, a!.prefetch - a!.outstanding));
    }
    expect(a!.prefetch).toBeGreaterThanOrEqual(20);
    expect(intake.told.at(-1)).toMatch(/starved$/);
    const { needed } = a!;
    intake.prefetch.adjust(a!, false, true);
    expect(a!.needed).toBeLessThan(needed);
  });

  it('leaves a fixed prefetch as it is', async () => {
    const intake = new TestIntake({ prefetch: 3 });
    const [a] = await intake.take('A');
    intake.deliver(a!, 3);
    intake.end(a!, 3, 0.01);
    intake.prefetch.adjust(a!, true, true);
    await intake.prefetch.adjustAll();
    expect(intake.consumers.prefetch.get('A')).toBe(3);
    expect(intake.prefetch).toMatchObject({ smallest: 3, largest: { size: 3, reason: 'fixed' } });
  });

  it('leaves a queue alone that is left to other workers', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.deliver(a!, 10);
    intake.end(a!, 10, 0.01);
    a!.yield();
    intake.prefetch.adjust(a!, true, true);
    expect(a!.prefetch).toBe(10);
  });

  it('goes by the workers that are there now, and knows when the broker limits', async () => {
    const intake = new TestIntake({ workers: 1 });
    const [a] = await intake.take('A');
    intake.deliver(a!, 10);
    intake.end(a!, 10, 0.01);
    expect(intake.prefetch.brokerLimits).toBe(false);
    intake.workers = 4;
    expect(intake.prefetch.brokerLimits).toBe(true);
    expect(intake.prefetch.first(a!)).toBe(32);
    expect(intake.prefetch.largest).toEqual({ size: 32, reason: 'user-budget' });
  });

  it('resolves when the broker knows the prefetch of all', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.deliver(a!, 10);
    intake.end(a!, 10, 0.01);
    let answer = () => {};
    intake.consumers.answered = new Promise((resolve) => {
      answer = resolve;
    });
    let isDone = false;
    const all = intake.prefetch.adjustAll().then(() => {
      isDone = true;
    });
    await answered();
    expect(isDone).toBe(false);
    answer();
    await all;
    expect(intake.consumers.prefetch.get('A')).toBe(4_096);
  });
});

describe('the prefetch of a spread queue', () => {
  const nobody = () => {
    throw new Error('nobody is met');
  };

  it('is divided among the workers, and says how much of one user is heavy', async () => {
    const intake = new TestIntake();
    const queue = new SpreadQueue('fairq.spread.64.0', nobody, 0);
    expect(intake.prefetch.first(queue)).toBe(64);
    expect(queue.mostOfOne).toBe(32);
    intake.workers = 4;
    intake.prefetch.adjustSpread(queue, 0);
    await answered();
    expect(queue).toMatchObject({ prefetch: 16, mostOfOne: 8 });
  });

  it('is smaller among many while no user has much of it', async () => {
    const intake = new TestIntake();
    intake.spreadQueues = 64;
    const queue = new SpreadQueue('fairq.spread.64.0', nobody, 0);
    queue.consumed(intake.prefetch.first(queue), 0);
    expect(queue).toMatchObject({ prefetch: 32, muchOfOne: 16, mostOfOne: 32 });
    queue.crowded(1_000);
    intake.prefetch.adjustSpread(queue, 1_000);
    await answered();
    expect(queue).toMatchObject({ prefetch: 64, muchOfOne: 16, mostOfOne: 32 });
    intake.prefetch.adjustSpread(queue, 1_499);
    await answered();
    expect(queue.prefetch).toBe(64);
    intake.prefetch.adjustSpread(queue, 1_500);
    await answered();
    expect(queue.prefetch).toBe(32);
  });

  it('is larger while tasks are moved out of it, and nobody is heavy any later', async () => {
    const intake = new TestIntake();
    const queue = new SpreadQueue('fairq.spread.64.0', nobody, 0);
    queue.consumed(intake.prefetch.first(queue), 0);
    queue.moved(1_000);
    intake.prefetch.adjustSpread(queue, 1_200);
    await answered();
    expect(queue).toMatchObject({ prefetch: 512, mostOfOne: 32 });
    intake.prefetch.adjustSpread(queue, 2_000);
    await answered();
    expect(queue.prefetch).toBe(64);
  });
});
