import { describe, expect, it } from 'vitest';
import { FirstTimes, followed, typicalTaskMs } from '../../../../src/core/scheduling/task-time.js';
import { NO_TIME_MS } from '../../../../src/core/scheduling/tuning.js';

/** After tasks that took so long each, one after the other. */
const typicalAfter = (times: readonly number[], expectedMs?: number) =>
  times.reduce<number | undefined>((mean, ms) => followed(mean, ms, expectedMs), undefined);

describe('the typical time of a task', () => {
  it('is that of the first task where there is nothing to hold it against', () => {
    expect(typicalAfter([3_600_000])).toBe(3_600_000);
  });

  it('follows tasks that grow longer, and tasks that grow shorter', () => {
    expect(typicalAfter([1, ...Array(60).fill(500)])).toBeGreaterThan(400);
    expect(typicalAfter([500, ...Array(100).fill(1)])).toBeLessThan(2);
  });

  it('stays that of tasks of no time when one of them was held up, be it the first', () => {
    expect(typicalAfter([...Array(50).fill(0.005), 80])).toBeLessThan(NO_TIME_MS);
    expect(typicalAfter([80], 0.005)).toBeLessThan(NO_TIME_MS);
  });

  it('is believed after a few tasks, however short everybody else’s are', () => {
    expect(typicalAfter(Array(20).fill(20), 0.005)).toBeGreaterThan(10);
  });

  it('is that of all users for a user without any', () => {
    expect(typicalTaskMs({ taskMs: undefined }, 7)).toBe(7);
    expect(typicalTaskMs({ taskMs: undefined }, undefined)).toBeUndefined();
  });

  it('does not tell users with short tasks apart', () => {
    expect(typicalTaskMs({ taskMs: 0.9 }, 0.01)).toBe(0.01);
    expect(typicalTaskMs({ taskMs: 0.9 }, undefined)).toBe(0.9);
    expect(typicalTaskMs({ taskMs: 1.5 }, 0.01)).toBe(1.5);
  });
});

describe('the typical time of the first tasks', () => {
  const typicalOf = (tasks: readonly (readonly [string, number])[]) => {
    const times = new FirstTimes<string>(10);
    return tasks.map(([whose, ms]) => times.add(whose, ms)).at(-1)!;
  };

  it('is not that of one that was held up, for all users and for its own', () => {
    expect(typicalOf([...['A', 'A', 'A', 'A'].map((user) => [user, 0.02] as const), ['A', 9]])).toEqual({
      all: 0.02,
      own: undefined,
    });
    const first = [['A', 9] as const, ['A', 0.02] as const];
    expect(typicalOf(first)).toEqual({ all: 0.02, own: undefined });
  });

  it('tells a user with long tasks from users with short ones', () => {
    const mixed = [
      ['A', 500],
      ['B', 0.1],
      ['B', 0.1],
      ['A', 400],
      ['B', 0.1],
      ['A', 450],
    ] as const;
    expect(typicalOf(mixed)).toEqual({ all: 0.1, own: 450 });
  });

  it('is complete after as many tasks as were wanted', () => {
    const times = new FirstTimes<string>(2);
    times.add('A', 1);
    expect(times.complete).toBe(false);
    times.add('B', 1);
    expect(times.complete).toBe(true);
  });
});
