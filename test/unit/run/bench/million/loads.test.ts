import { describe, expect, it } from 'vitest';
import { burstLoad, crowdLoad, isHeavy } from '../../../../../src/run/bench/million/loads.js';
import { sizesAt, sizesOfAQueueEach } from '../../../../../src/run/bench/million/sizes.js';

const sizes = sizesAt(0.01);

function tasksByUser(load: readonly { readonly user: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { user } of load) counts.set(user, (counts.get(user) ?? 0) + 1);
  return counts;
}

describe('the load with a burst', () => {
  it('has the burst before all tasks of light users, which are the same without it', () => {
    const loud = burstLoad(sizes, true);
    const quiet = burstLoad(sizes, false);
    expect(loud.slice(0, 300).every(({ user }) => isHeavy(user))).toBe(true);
    expect(loud.slice(300)).toEqual(quiet);
    expect(quiet.some(({ user }) => isHeavy(user))).toBe(false);
    const counts = tasksByUser(quiet);
    expect(counts.size).toBe(100);
    expect(new Set(counts.values())).toEqual(new Set([2]));
  });
});

describe('the crowd', () => {
  it('has twenty users who burst, each all at once, among those of Zipf', () => {
    const load = crowdLoad(sizes, 1);
    const { tasks, bursts, burstTasks } = sizes.crowd;
    expect(load).toHaveLength(tasks + bursts * burstTasks);
    const heavy = [...tasksByUser(load)].filter(([user]) => isHeavy(user));
    expect(heavy).toHaveLength(20);
    for (const [user, count] of heavy) {
      expect(count).toBe(burstTasks);
      const first = load.findIndex((task) => task.user === user);
      expect(load.slice(first, first + burstTasks).every((task) => task.user === user)).toBe(true);
    }
    const most = tasksByUser(load).get('user-1')!;
    expect(most).toBeGreaterThan(tasks / 20);
  });

  it('repeats with its seed', () => {
    expect(crowdLoad(sizes, 7)).toEqual(crowdLoad(sizes, 7));
    expect(crowdLoad(sizes, 7)).not.toEqual(crowdLoad(sizes, 8));
  });
});

describe('the sizes', () => {
  it('are multiplied, but for what a load is like', () => {
    expect(sizesAt(1).crowd.users).toBe(100_000);
    expect(sizesAt(10)).toMatchObject({
      newUsers: 100_000,
      tasksEach: 10,
      idleUsers: 1_000_000,
      crowd: { users: 1_000_000, bursts: 20 },
      burst: { lightUsers: 100_000, tasksEach: 2, lightMs: 40 },
    });
  });

  it('with a queue each are a tenth', () => {
    expect(sizesOfAQueueEach(1)).toMatchObject({
      newUsers: 1_000,
      idleUsers: 10_000,
      crowd: { users: 10_000, bursts: 20 },
      burst: { lightUsers: 1_000, tasks: 3_000 },
    });
  });

  it('never come to nobody', () => {
    const { newUsers, idleUsers, burst } = sizesOfAQueueEach(0.001);
    for (const size of [newUsers, idleUsers, burst.lightUsers, burst.tasks]) {
      expect(size).toBeGreaterThanOrEqual(1);
    }
  });
});
