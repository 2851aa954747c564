import { describe, expect, it } from 'vitest';
import { FairScheduler } from '../../../../../src/core/scheduling/fair-scheduler.js';
import { ActiveQueues } from '../../../../../src/run/worker/intake/active-queues.js';
import type { ConsumedQueue, DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';

interface Given {
  weight?: number;
  taskMs?: number;
  outstanding?: number;
  window?: number;
}

function sourceOf({ weight = 1, taskMs = 10, outstanding = 10, window = 10 }: Given): ConsumedQueue {
  const lane = new FairScheduler<DeliveredTask>(() => weight).lane('A');
  lane.taskMs = taskMs;
  return { lane, outstanding, prefetch: window } as ConsumedQueue;
}

function slotShares(charging: 'count' | 'time', ...given: Given[]): number[] {
  const awake = new ActiveQueues(charging, 10);
  const sources = given.map(sourceOf);
  for (const source of sources) awake.add(source);
  awake.weigh(undefined);
  return sources.map((source) => Math.round(awake.shareOf(source, undefined).ofSlots * 1000) / 1000);
}

describe('what users are due among those that have tasks', () => {
  it('is the same for all, or by weight', () => {
    expect(slotShares('time', {}, {})).toEqual([0.5, 0.5]);
    expect(slotShares('time', { weight: 5 }, { weight: 3 }, { weight: 2 })).toEqual([0.5, 0.3, 0.2]);
    expect(slotShares('time', {})).toEqual([1]);
  });

  it('is more slots for longer tasks where a turn is a task', () => {
    expect(slotShares('count', { taskMs: 20 }, { taskMs: 5 })).toEqual([0.8, 0.2]);
    expect(slotShares('time', { taskMs: 20 }, { taskMs: 5 })).toEqual([0.5, 0.5]);
  });

  it('is the same for tasks that take no time, however little of it was measured', () => {
    expect(slotShares('count', { taskMs: 0.01 }, { taskMs: 0.4 })).toEqual([0.5, 0.5]);
  });

  it('grows by what others leave, who have fewer tasks than they are due', () => {
    expect(slotShares('time', {}, { outstanding: 1, window: 5 })).toEqual([0.9, 0.5]);
    expect(slotShares('time', {}, {}, { outstanding: 0, window: 5 }, { outstanding: 0, window: 5 })).toEqual([
      0.5, 0.5, 0.25, 0.25,
    ]);
  });

  it('counts a user that is about to come', () => {
    const awake = new ActiveQueues('time', 10);
    awake.add(sourceOf({}));
    awake.weigh(undefined);
    expect(awake.shareOf(sourceOf({}), undefined).ofWeight).toBe(0.5);
  });

  it('forgets who has gone', () => {
    const awake = new ActiveQueues('count', 10);
    const [stays, goes] = [sourceOf({ weight: 0.1 }), sourceOf({ weight: 0.7 })];
    awake.add(stays);
    awake.add(goes);
    awake.delete(goes);
    awake.delete(goes);
    awake.weigh(undefined);
    expect(awake.shareOf(stays, undefined)).toEqual({ ofWeight: 1, ofSlots: 1 });
  });
});
