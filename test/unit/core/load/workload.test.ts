import { describe, expect, it } from 'vitest';
import { equalUsers, orderOf, randomUsers } from '../../../../src/core/load/workload.js';
import { seededRandom } from '../../../../src/core/values/random.js';

describe('workloads', () => {
  it('send the tasks of many users in turns', () => {
    const load = equalUsers(3, 2);
    expect([...orderOf(load)]).toEqual(['user-1', 'user-2', 'user-3', 'user-1', 'user-2', 'user-3']);
    expect(load.total).toBe(6);
  });

  it('fall on users by Zipf: the first sends twice as much as the second', () => {
    const load = randomUsers(100, 50_000, 'zipf', seededRandom(7));
    const counts = new Map<string, number>();
    for (const user of orderOf(load)) counts.set(user, (counts.get(user) ?? 0) + 1);
    const ratio = counts.get('user-1')! / counts.get('user-2')!;
    expect(ratio).toBeGreaterThan(1.8);
    expect(ratio).toBeLessThan(2.2);
  });

  it('repeat with their seed', () => {
    const load = () => [...orderOf(randomUsers(50, 500, 'uniform', seededRandom(3)))];
    expect(load()).toEqual(load());
  });
});
