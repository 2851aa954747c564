import { describe, expect, it } from 'vitest';
import { windowFor } from '../../../src/core/windows.js';

const window = (needs: Partial<Parameters<typeof windowFor>[0]>) =>
  windowFor({ concurrency: 10, activeUsers: 2, workers: 1, taskMs: 0.02, backlog: 0, ...needs });

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

  it('share what a worker may hold among its users', () => {
    for (const activeUsers of [1, 10, 100, 1_000, 10_000]) {
      expect(window({ activeUsers }) * activeUsers).toBeLessThanOrEqual(Math.max(2_048, activeUsers));
    }
  });

  it('shrink with the number of workers, who share what is held of a user', () => {
    const sizes = [1, 2, 3, 4].map((workers) => window({ workers }));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes[2]! * 3).toBeLessThanOrEqual(256);
  });

  it('are equal for users that compete, and larger for one alone with a deep backlog', () => {
    expect(window({ workers: 3, backlog: 30_000 })).toBe(window({ workers: 3, backlog: 500 }));
    expect(window({ workers: 3, activeUsers: 1, backlog: 6_000 })).toBe(288);
    expect(window({ workers: 3, activeUsers: 1, backlog: 1_000_000 })).toBeLessThanOrEqual(2_048);
    expect(window({ workers: 3, activeUsers: 1, backlog: 6_000, taskMs: 3_600_000 })).toBe(10);
  });
});
