import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SlowStart } from '../../../../../src/run/worker/intake/slow-start.js';
import { TestIntake } from '../../../../support/test-intake.js';

/** Slots that remember what they were told. */
class TestSlots {
  started = 0;
  running = 0;
  readonly told: string[] = [];

  start(atMost?: number): void {
    this.told.push(atMost === undefined ? 'start' : `start ${atMost}`);
  }

  pause(): void {
    this.told.push('pause');
  }

  resume(): void {
    this.told.push('resume');
  }
}

function slowStart(samples: number) {
  const intake = new TestIntake({ concurrency: 4 });
  const slots = new TestSlots();
  const start = new SlowStart(slots, intake, intake.times, samples, {
    onFilled: () => slots.told.push('filled'),
    onFailure: (error) => {
      throw error;
    },
  });
  return { intake, slots, start };
}

const users = (count: number) => Array.from({ length: count }, (_, i) => `user ${i}`);

describe('a slow start', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('takes up 32 queues, those first in which tasks wait', async () => {
    const { intake, start } = slowStart(4);
    intake.consumers.depths.set('user 39', 5);
    await start.prepare(users(40));
    expect(intake.consumers.prefetch.size).toBe(32);
    expect(intake.consumers.consumes('user 39')).toBe(true);
    expect(start).toMatchObject({ hasMore: true, over: false });
  });

  it('runs a few samples, and goes on with all queues when they were short', async () => {
    const { intake, slots, start } = slowStart(4);
    await start.prepare(users(40));
    start.start();
    expect(slots.told).toEqual(['start 4']);
    Object.assign(slots, { started: 4, running: 1 });
    start.check();
    expect(slots.told).toEqual(['start 4']);
    const queue = intake.queue('user 0');
    intake.deliver(queue);
    intake.end(queue, 1, 0.01);
    slots.running = 0;
    start.check();
    await vi.runAllTimersAsync();
    expect(slots.told).toEqual(['start 4', 'pause', 'filled', 'resume']);
    expect(intake.consumers.prefetch.size).toBe(40);
    for (const user of ['user 0', 'user 39']) expect(intake.consumers.prefetch.get(user)).toBeGreaterThan(1);
    expect(start).toMatchObject({ hasMore: false, over: true });
  });

  it('keeps the prefetch small where the samples are long, and does not wait for their end', async () => {
    const { intake, slots, start } = slowStart(4);
    await start.prepare(users(40));
    start.start();
    Object.assign(slots, { started: 4, running: 4 });
    start.check();
    await vi.advanceTimersByTimeAsync(19);
    expect(slots.told).toEqual(['start 4']);
    await vi.runAllTimersAsync();
    expect(slots.told).toEqual(['start 4', 'pause', 'filled', 'resume']);
    expect([...new Set(intake.consumers.prefetch.values())]).toEqual([1]);
  });

  it('samples again where nothing came of the first queues', async () => {
    const { intake, slots, start } = slowStart(4);
    await start.prepare(users(40));
    start.start();
    await vi.runAllTimersAsync();
    expect(slots.told).toEqual(['start 4', 'pause', 'filled', 'start 4']);
    expect(intake.consumers.prefetch.size).toBe(40);
    expect(start).toMatchObject({ hasMore: false, over: false });
  });

  it('is over at once, with all queues, where there is nothing to learn', async () => {
    const { intake, slots, start } = slowStart(0);
    await start.prepare(users(40));
    expect(intake.consumers.prefetch.size).toBe(40);
    start.start();
    expect(slots.told).toEqual(['start']);
    expect(start.over).toBe(true);
  });

  it('starts nothing more after it was cancelled', async () => {
    const { slots, start } = slowStart(4);
    await start.prepare(users(40));
    start.start();
    start.cancel();
    await vi.runAllTimersAsync();
    start.check();
    expect(slots.told).toEqual(['start 4']);
  });
});
