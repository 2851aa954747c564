import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/core/values/random.js';
import { type WorkloadFlags, workloadFrom } from '../../../../src/run/publish/asked-workload.js';

const from = (flags: Partial<WorkloadFlags>) =>
  workloadFrom({ distribution: 'uniform', ...flags }, seededRandom(1));

describe('what a load is asked for by', () => {
  it('is a user, or so many users with so many tasks each, or a total', () => {
    expect(from({ user: 'A' })).toMatchObject({ users: ['A'], total: 1 });
    expect(from({ users: 3, count: 2 })).toMatchObject({ total: 6 });
    expect(from({ users: 3, total: 5 })).toMatchObject({ total: 5 });
  });

  it.each([
    [{}, 'whose tasks'],
    [{ user: 'A', users: 2 }, '--user and --users'],
    [{ user: 'A', total: 5 }, '--total is for --users'],
    [{ users: 5, count: 1, total: 5 }, '--count and --total'],
  ])('refuse flags that contradict each other: %j', (flags, message) => {
    expect(() => from(flags)).toThrow(message);
  });
});
