import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalUsers, randomUsers } from '../../../../src/core/load/workload.js';
import { simulate } from '../../../../src/core/simulation/simulate.js';
import { loadOf, loadOfTasks } from '../../../../src/core/simulation/simulated-load.js';
import { seededRandom } from '../../../../src/core/values/random.js';
import { fateOf, SIMULATED_DEFAULTS, simulated, strategiesOf, tasksOf } from '../../../support/simulated.js';

const SEED = loadOfTasks([...tasksOf('A', 30_000, 5), ...tasksOf('B', 500, 5)]);

describe("A's 30,000 tasks and then B's 500, on ten slots", () => {
  it.each([
    ['fifo', 30_500, 15_245],
    ['hash:1', 30_500, 15_245],
    ['user', 1_000, 495],
    ['hash:64', 1_000, 495],
    ['ideal', 1_000, 495],
  ])('with %s the last of B is number %i, and waits for %i ms', (strategy, last, waitMs) => {
    expect(fateOf(simulated(SEED, strategy), 'B')).toEqual({ last, waitMs });
  });

  it('take the same time under every strategy, and B is behind all of A in one queue only', () => {
    const fifo = simulated(SEED, 'fifo');
    expect(fifo).toMatchObject({ makespanMs: 15_250, jainAtHalf: 0.5, maxLagTasks: 500, queues: 1 });
    expect(fifo.mostBehind).toEqual({ user: 'B', behind: 'A', tasks: 30_000 });
    const user = simulated(SEED, 'user');
    expect(user).toMatchObject({ makespanMs: 15_250, jainAtHalf: 1, maxLagTasks: 0.5, queues: 2 });
    expect(user.mostBehind).toEqual({ user: 'B', behind: 'A', tasks: 1 });
  });

  it('are promoted where they share a queue: B waits for what is moved, and then for its turns', () => {
    const result = simulated(SEED, 'shared:1');
    // 30,000 moves of 0.05 ms come before the first of B.
    expect(result).toMatchObject({ promotions: 2, moved: 30_500, queues: 3, demotions: 0 });
    const { last, waitMs } = fateOf(result, 'B');
    expect(waitMs).toBeGreaterThan(1_500);
    expect(waitMs).toBeLessThan(2_100);
    expect(last).toBeLessThan(4_100);
  });

  it('end side by side on three workers, each with its own turns', () => {
    const { last } = fateOf(simulated(SEED, 'user', { workers: 3 }), 'B');
    expect(last).toBeGreaterThanOrEqual(1_000);
    expect(last).toBeLessThan(1_100);
  });
});

describe('a user that becomes heavy in a shared queue', () => {
  const rules = { concurrency: 1, promoteAfter: 2, moveMs: 1, demoteAfterMs: 1_000 };
  const burst = [...tasksOf('A', 5, 10), ...tasksOf('B', 1, 10)];

  it('gets a queue of its own, and its tasks are moved one by one', () => {
    const result = simulated(loadOfTasks(burst), 'shared:1', rules);
    // A's third is one too many. The first is back after 1 ms and starts; B's comes when three have been moved, and is next.
    expect(result).toMatchObject({ promotions: 1, demotions: 0, moved: 5, queues: 2, makespanMs: 61 });
    expect(fateOf(result, 'B')).toEqual({ last: 2, waitMs: 11 });
    expect(result.mostBehind).toEqual({ user: 'B', behind: 'A', tasks: 1 });
  });

  it('sends what comes later straight into it', () => {
    const later = loadOfTasks([...burst, ...tasksOf('A', 5, 10, 1_060)]);
    expect(simulated(later, 'shared:1', rules)).toMatchObject({ promotions: 1, demotions: 0, moved: 5 });
  });

  it('goes back to the shared queue when its own has been empty for long enough', () => {
    const later = loadOfTasks([...burst, ...tasksOf('A', 2, 10, 1_061)]);
    expect(simulated(later, 'shared:1', rules)).toMatchObject({ promotions: 1, demotions: 1, moved: 5 });
    const again = loadOfTasks([...burst, ...tasksOf('A', 5, 10, 1_061)]);
    expect(simulated(again, 'shared:1', rules)).toMatchObject({ promotions: 2, demotions: 1, moved: 10 });
  });

  it('holds up the others by what may be prefetched of it, where nothing is moved', () => {
    const load = loadOfTasks([...tasksOf('A', 32, 5), ...tasksOf('B', 1, 5)]);
    const result = simulated(load, 'shared:1');
    expect(result.promotions).toBe(0);
    // All are prefetched, and B has its turn after A's first.
    expect(fateOf(result, 'B')).toEqual({ last: 2, waitMs: 0 });
  });
});

it.each([
  [32, 1, 0],
  [33, 1, 1],
  // A worker of three is dealt a third, and promotes with more than 11.
  [33, 3, 0],
  [34, 3, 1],
])('a user with %i tasks on %i workers is promoted %i times', (count, workers, promotions) => {
  const load = loadOfTasks(tasksOf('A', count, 5));
  expect(simulated(load, 'shared:1', { workers })).toMatchObject({ promotions });
});

it('gives the slots that others leave to who has more, without waiting for one of its tasks to end', () => {
  const load = loadOfTasks([...tasksOf('B', 1, 10), ...tasksOf('A', 2, 1_000)]);
  expect(fateOf(simulated(load, 'user', { concurrency: 2 }), 'A').waitMs).toBe(10);
});

describe('light users', () => {
  it('do not wait behind a burst where they have queues of their own, or share some', () => {
    const quiet = loadOf(equalUsers(100, 10), { dueAt: (task) => task }, { least: 5, most: 5 }, Math.random);
    const load = loadOfTasks([
      ...tasksOf('burst', 20_000, 5),
      ...Array.from(quiet.users, (user, i) => ({
        user: quiet.names[user]!,
        dueMs: quiet.dueMs[i]!,
        durationMs: 5,
      })),
    ]);
    const light = (strategy: string) => simulated(load, strategy).waitMs.light!.p95;
    expect(light('fifo')).toBeGreaterThan(9_000);
    expect(light('user')).toBeLessThanOrEqual(5);
    expect(light('ideal')).toBeLessThanOrEqual(5);
    expect(light('shared:8')).toBeLessThan(1_000);
  });
});

it('repeats itself, and another seed gives another load', () => {
  const figures = (seed: number) => {
    const workload = randomUsers(200, 5_000, 'zipf', seededRandom(seed));
    const load = loadOf(workload, { dueAt: (i) => i / 10 }, { least: 1, most: 9 }, seededRandom(seed + 1));
    const strategies = strategiesOf('fifo,arrival,user,hash:8,shared:8,ideal');
    return simulate(load, { ...SIMULATED_DEFAULTS, workers: 3, concurrency: 4, strategies }).results;
  };
  expect(figures(1)).toEqual(figures(1));
  expect(figures(1)).not.toEqual(figures(2));
});

it('runs every task once, none before it has arrived, and no strategy ends before the ideal', () => {
  const task = fc.record({
    user: fc.constantFrom('A', 'B', 'C', 'D'),
    dueMs: fc.nat(60),
    durationMs: fc.nat(20),
  });
  const strategies = strategiesOf('fifo,arrival,user,hash:2,shared:2,ideal');
  const options = fc.record({
    workers: fc.integer({ min: 1, max: 3 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    promoteAfter: fc.integer({ min: 1, max: 6 }),
    moveMs: fc.constantFrom(0, 0.05, 3),
    demoteAfterMs: fc.constantFrom(0, 5, 1_000),
  });
  fc.assert(
    fc.property(fc.array(task, { minLength: 1, maxLength: 80 }), options, (tasks, chosen) => {
      const load = loadOfTasks(tasks);
      const { results, orders } = simulate(load, { ...chosen, strategies });
      const ideal = results.at(-1)!;
      for (const [i, result] of results.entries()) {
        expect([...orders[i]!.order].sort()).toEqual([...load.users].sort());
        for (const { waitMs } of result.users) expect(waitMs!.p50).toBeGreaterThanOrEqual(0);
        expect(result.makespanMs).toBeGreaterThanOrEqual(ideal.makespanMs - 0.001);
        expect(result.moved > 0).toBe(result.promotions > 0);
        expect(result.demotions).toBeLessThanOrEqual(result.promotions);
      }
    }),
    { numRuns: 300 },
  );
});

it('serves thousands of users that come and go, each at once', () => {
  const users = 20_000;
  const load = loadOf(equalUsers(users, 2), { dueAt: (i) => i }, { least: 5, most: 5 }, Math.random);
  const result = simulated(load, 'user');
  expect(result).toMatchObject({ queues: users, makespanMs: 2 * users - 1 + 5, jainAtHalf: 1 });
  expect(result.waitMs.all!.max).toBe(0);
});
