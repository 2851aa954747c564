import { describe, expect, it } from 'vitest';
import type { LightTasks } from '../../../../src/core/top/light-tasks.js';
import { TopLight } from '../../../../src/core/top/top-light.js';

const here = (tasks: Record<string, [count: number, oldest: number]>, more = 0): LightTasks => {
  const most = Object.entries(tasks).map(([user, [count, oldest]]) => ({ user, tasks: count, oldest }));
  const sum = most.reduce((total, one) => total + one.tasks, 0);
  return { queues: 4, users: most.length + more, tasks: sum + more, most };
};

describe('what workers say of users that share queues', () => {
  it('is added up, by the row that each user counts in', () => {
    const light = new TopLight((user) => user[0]!);
    light.answered('w1', here({ a1: [3, 50], b: [1, 70] }));
    light.answered('w2', here({ a2: [2, 40] }));
    expect([...light.rows]).toEqual(['a', 'b']);
    expect(light.of('a', ['w1', 'w2'])).toEqual({ tasks: 5, oldest: 40 });
    expect(light.totals(['w1', 'w2'])).toEqual({ users: 3, tasks: 6 });
    expect(light.queues).toBe(4);
  });

  it('is nothing of somebody else only where each of them has told of all', () => {
    const light = new TopLight();
    light.answered('w1', here({ a: [3, 50] }));
    expect(light.of('b', ['w1'])).toEqual({ tasks: 0, oldest: undefined });
    expect(light.of('b', ['w1', 'of an older version'])).toBeUndefined();
    expect(light.totals(['w1', 'of an older version'])).toBeUndefined();
    light.answered('w1', here({ a: [3, 50] }, 1));
    expect(light.of('b', ['w1'])).toBeUndefined();
    expect(light.of('a', ['w1'])).toEqual({ tasks: 3, oldest: 50 });
  });

  it('is the last answer of each, and forgotten with a worker', () => {
    const light = new TopLight();
    light.answered('w1', here({ a: [3, 50] }));
    light.answered('w1', here({ a: [1, 60] }));
    expect(light.of('a', ['w1'])).toEqual({ tasks: 1, oldest: 60 });
    light.keepOnly(new Set());
    expect([...light.rows]).toEqual([]);
    expect(light.queues).toBe(0);
  });
});
