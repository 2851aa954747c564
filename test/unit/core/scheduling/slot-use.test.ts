import { describe, expect, it } from 'vitest';
import { listScheduleEnd, longestIdleWhileWaiting } from '../../../../src/core/scheduling/slot-use.js';

const task = (worker: string, enqueued: number, started: number, finished: number) => ({
  worker,
  enqueued,
  started,
  finished,
});
const one = (name: string, from = 0) => ({ name, slots: 1, from });

describe('the longest that a slot idles while a task waits', () => {
  it('is nothing where every slot is always busy', () => {
    const tasks = [task('a', 0, 0, 10), task('b', 0, 0, 5), task('b', 0, 5, 12), task('a', 0, 10, 20)];
    expect(longestIdleWhileWaiting(tasks, [one('a'), one('b')])).toBe(0);
  });

  it('is seen at a worker that has nothing while another holds a task', () => {
    const tasks = [task('a', 0, 0, 10), task('a', 0, 10, 20), task('b', 0, 0, 4)];
    expect(longestIdleWhileWaiting(tasks, [one('a'), one('b')])).toBe(6);
  });

  it('counts a worker that never ran anything, from when it was there', () => {
    const tasks = [task('a', 0, 0, 10), task('a', 0, 10, 20), task('a', 0, 20, 30)];
    expect(longestIdleWhileWaiting(tasks, [one('a'), one('late', 15)])).toBe(5);
  });

  it('does not count idleness while nothing waits', () => {
    const tasks = [task('a', 0, 0, 10), task('a', 50, 53, 60)];
    expect(longestIdleWhileWaiting(tasks, [one('a')])).toBe(3);
  });

  it('joins waits that overlap, and idleness through a task that comes and goes in another slot', () => {
    const tasks = [task('a', 0, 0, 4), task('b', 0, 6, 20), task('b', 3, 20, 30)];
    const two = { name: 'a', slots: 2, from: 0 };
    expect(longestIdleWhileWaiting(tasks, [two])).toBe(20);
  });
});

describe('the list schedule', () => {
  it('puts each task where a slot is free first', () => {
    expect(listScheduleEnd([4, 3, 2, 1], [0, 0])).toBe(5);
    expect(listScheduleEnd([10], [0, 0])).toBe(10);
    expect(listScheduleEnd([5, 5, 5], [0, 100])).toBe(100);
    expect(listScheduleEnd([5, 5, 5], [0, 7])).toBe(12);
  });
});
