import { describe, expect, it } from 'vitest';
import { TaskTimes } from '../../../../../src/core/scheduling/task-times.js';
import { TenantScheduler } from '../../../../../src/core/scheduling/tenant-scheduler.js';
import { ActiveQueues } from '../../../../../src/run/worker/intake/active-queues.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';
import { consumedQueue, type GivenQueue } from '../../../../support/consumed-queue.js';

const queueOf = (given: GivenQueue) => consumedQueue({ taskMs: 10, outstanding: 10, prefetch: 10, ...given });

function activeQueues(charging: 'count' | 'time'): ActiveQueues {
  return new ActiveQueues(charging, 10, new TaskTimes());
}

function slotShares(charging: 'count' | 'time', ...given: GivenQueue[]): number[] {
  const active = activeQueues(charging);
  const queues = given.map(queueOf);
  for (const queue of queues) active.add(queue);
  active.weigh();
  return queues.map((queue) => Math.round(active.shareOf(queue).ofSlots * 1000) / 1000);
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
    expect(slotShares('time', {}, { outstanding: 1, prefetch: 5 })).toEqual([0.9, 0.5]);
    expect(
      slotShares('time', {}, {}, { outstanding: 0, prefetch: 5 }, { outstanding: 0, prefetch: 5 }),
    ).toEqual([0.5, 0.5, 0.25, 0.25]);
  });

  it('counts a user that is about to come', () => {
    const active = activeQueues('time');
    active.add(queueOf({}));
    active.weigh();
    expect(active.shareOf(queueOf({})).ofWeight).toBe(0.5);
  });

  it('forgets who has gone', () => {
    const active = activeQueues('count');
    const [stays, goes] = [queueOf({ weight: 0.1 }), queueOf({ weight: 0.7 })];
    active.add(stays);
    active.add(goes);
    active.delete(goes);
    active.delete(goes);
    active.weigh();
    expect(active.shareOf(stays)).toEqual({ ofWeight: 1, ofSlots: 1 });
  });

  it('follows weights that change', () => {
    const active = activeQueues('time');
    const queues = [queueOf({ weight: 1 }), queueOf({ weight: 3 })];
    for (const queue of queues) active.add(queue);
    queues[1]!.lane.weight = 1;
    active.weigh();
    expect(active.shareOf(queues[0]!)).toEqual({ ofWeight: 0.5, ofSlots: 0.5 });
    queues[1]!.lane.weight = 9;
    active.delete(queues[1]!);
    expect(active.shareOf(queues[0]!).ofWeight).toBe(1);
  });

  it('leaves the part of a blocked user to others, but for what it runs', () => {
    const active = activeQueues('time');
    const queues = [queueOf({}), queueOf({ outstanding: 10 })];
    for (const queue of queues) active.add(queue);
    const { lane } = queues[1]!;
    lane.blocked = true;
    for (let i = 0; i < 9; i++) lane.prefetched.push({} as DeliveredTask);
    active.weigh();
    expect(queues.map((queue) => Math.round(active.shareOf(queue).ofSlots * 100) / 100)).toEqual([0.9, 0.5]);
  });

  it('is a part of what is due to the tenant, and twice that many tasks are to be here', () => {
    const scheduler = new TenantScheduler<DeliveredTask>((user) => user[0]!);
    scheduler.tenants.reweigh((name) => (name === 'A' ? 3 : 1));
    const active = activeQueues('time');
    const queues = ['A1', 'A2', 'A3', 'B1', 'B2'].map((user) => queueOf({ user, scheduler }));
    for (const queue of queues) active.add(queue);
    active.weigh();
    expect(queues.map((queue) => active.shareOf(queue).ofWeight)).toEqual([0.25, 0.25, 0.25, 0.125, 0.125]);
    expect(queues.map((queue) => active.shareOf(queue).ofSlots)).toEqual([0.5, 0.5, 0.5, 0.25, 0.25]);
    active.delete(queues[4]!);
    active.weigh();
    expect(active.shareOf(queues[3]!).ofWeight).toBe(0.25);
  });
});
