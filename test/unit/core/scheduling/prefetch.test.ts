import { describe, expect, it } from 'vitest';
import { type PrefetchNeeds, prefetchFor, widened } from '../../../../src/core/scheduling/prefetch.js';

const explained = (needs: Partial<PrefetchNeeds>) => {
  const { activeUsers = 2, weightShare = 1 / activeUsers } = needs;
  const defaults = { concurrency: 10, activeUsers, weightShare, slotShare: weightShare, workers: 1 };
  return prefetchFor({ ...defaults, taskMs: 0.02, backlog: 0, ...needs });
};
const window = (needs: Partial<PrefetchNeeds>) => explained(needs).size;

describe('windows', () => {
  it('hold no more than runs while the length of tasks is unknown', () => {
    expect(window({ taskMs: undefined })).toBe(5);
    expect(window({ taskMs: undefined, concurrency: 1, activeUsers: 3 })).toBe(1);
  });

  it('hold nothing but what runs when tasks are long', () => {
    expect(window({ taskMs: 3_600_000 })).toBe(5);
    expect(window({ taskMs: 200, concurrency: 1, activeUsers: 3 })).toBe(1);
  });

  it('let one user fill every slot', () => {
    expect(window({ taskMs: 60_000, activeUsers: 1 })).toBeGreaterThanOrEqual(10);
    expect(window({ activeUsers: 1, workers: 20 })).toBeGreaterThanOrEqual(10);
  });

  it('share what workers may hold among users and workers', () => {
    for (const activeUsers of [1, 10, 100, 1_000, 10_000]) {
      for (const workers of [1, 2, 5]) {
        const held = window({ activeUsers, workers }) * activeUsers;
        expect(held).toBeLessThanOrEqual(Math.max(4_096 / workers, activeUsers));
      }
    }
  });

  it('of one worker hold what hides a round trip, more of few users and a few tasks of each of many', () => {
    const held = (activeUsers: number) => window({ activeUsers }) * activeUsers;
    expect([1, 2].map(held)).toEqual([4_096, 4_096]);
    expect([8, 100].map(held)).toEqual([1_024, 1_000]);
    expect(window({ activeUsers: 300 })).toBe(6);
    expect(window({ activeUsers: 1_000 })).toBe(4);
  });

  it('shrink with the number of workers, who share what is held of a user', () => {
    const sizes = [1, 2, 3, 4].map((workers) => window({ workers }));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes[2]! * 3).toBeLessThanOrEqual(256);
  });

  it('are equal for users that compete, and larger for one alone with a deep backlog', () => {
    expect(window({ workers: 3, backlog: 30_000 })).toBe(window({ workers: 3, backlog: 500 }));
    expect(window({ workers: 3, activeUsers: 1, backlog: 6_000 })).toBe(288);
    expect(window({ workers: 3, activeUsers: 1, backlog: 1_000_000 })).toBeLessThanOrEqual(4_096);
    expect(window({ workers: 3, activeUsers: 1, backlog: 6_000, taskMs: 3_600_000 })).toBe(10);
  });

  it('are in proportion to the weights, so that who may run more is also sent more', () => {
    const [heavy, light] = [0.75, 0.25].map((weightShare) => window({ weightShare }));
    expect(heavy! / light!).toBeCloseTo(3, 1);
    expect(window({ weightShare: 0.5, taskMs: 3_600_000 })).toBe(5);
    expect(window({ weightShare: 1e-9 })).toBe(1);
  });

  it('are the same for all tasks that take no time, however little of it was measured', () => {
    const sizes = [0.001, 0.02, 0.2].map((taskMs) => window({ taskMs, activeUsers: 1_000 }));
    expect(sizes).toEqual([4, 4, 4]);
  });

  it('say why they are as large as they are', () => {
    expect(explained({ taskMs: undefined }).reason).toBe('unknown');
    expect(explained({ taskMs: 3_600_000 }).reason).toBe('slots');
    expect(explained({ taskMs: 5 })).toEqual({ size: 25, reason: 'ahead' });
    expect(explained({}).reason).toBe('worker-budget');
    expect(explained({ workers: 4 }).reason).toBe('user-budget');
  });

  it('widen for a slow broker up to a tenth of a second of work, and not for tasks of no length', () => {
    const needs = { concurrency: 10, activeUsers: 1, weightShare: 1, slotShare: 1, workers: 1, backlog: 0 };
    expect(widened({ ...needs, taskMs: 5 }, 50)).toBe(100);
    expect(widened({ ...needs, taskMs: 5 }, 200)).toBe(210);
    expect(widened({ ...needs, taskMs: 5 }, 300)).toBe(300);
    expect(widened({ ...needs, taskMs: 3_600_000 }, 10)).toBe(11);
    expect(widened({ ...needs, taskMs: 0.02 }, 50)).toBe(50);
    expect(widened({ ...needs, taskMs: undefined }, 10)).toBe(10);
  });
});
