import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairShare, type Service } from '../../../../src/core/measures/fair-share.js';
import { inBlocks, roundRobin } from '../../../support/synthetic-run.js';

/** Every task is there from the start and starts at the time of its place in the order. */
function service(order: readonly string[], waiting: Readonly<Record<string, number>> = {}): Service {
  const users = [...new Set([...order, ...Object.keys(waiting)])];
  const index = new Map(users.map((user, i) => [user, i]));
  const starts = Uint32Array.from(order, (user) => index.get(user)!);
  const late = Object.entries(waiting);
  return {
    users,
    starts: { users: starts, times: Float64Array.from(order.keys()) },
    arrivals: {
      users: Uint32Array.from([...starts, ...late.map(([user]) => index.get(user)!)]),
      times: new Float64Array(order.length + late.length),
      tasks: Uint32Array.from([...starts.map(() => 1), ...late.map(([, tasks]) => tasks)]),
    },
  };
}

test('nothing started is fair and nobody is behind', () => {
  expect(fairShare(service([]))).toMatchObject({
    jainAtHalf: 1,
    maxLagTasks: 0,
    maxLagUser: null,
    maxLagAt: null,
  });
});

test('a single user is never behind', () => {
  expect(fairShare(service(inBlocks({ A: 100 })))).toMatchObject({
    jainAtHalf: 1,
    maxLagTasks: 0,
    maxLagUser: null,
  });
});

test('two users in turn are half a task behind at most, and share alike at half time', () => {
  const { jainAtHalf, maxLagTasks, maxLagUser } = fairShare(service(roundRobin({ A: 30_000, B: 500 })));
  expect(jainAtHalf).toBeCloseTo(1, 9);
  expect(maxLagTasks).toBeCloseTo(0.5, 6);
  expect(maxLagUser).toBe('B');
});

test('behind 30,000 tasks of A the 500 of B are 500 behind, and Jain is a half', () => {
  const { jainAtHalf, maxLagTasks, maxLagUser } = fairShare(service(inBlocks({ A: 30_000, B: 500 })));
  expect(jainAtHalf).toBeCloseTo(0.5, 9);
  expect(maxLagTasks).toBeCloseTo(500, 6);
  expect(maxLagUser).toBe('B');
});

test('what a user has had already counts against its lag', () => {
  // Both of B are due within the first four, and one was started.
  const { maxLagTasks, maxLagUser } = fairShare(service(['B', ...inBlocks({ A: 10 }), 'B']));
  expect(maxLagTasks).toBeCloseTo(1, 6);
  expect(maxLagUser).toBe('B');
});

test('a user of whom no task was started is behind by its share at the end', () => {
  const { maxLagTasks, maxLagUser } = fairShare(service(inBlocks({ A: 100 }), { A: 900, B: 500 }));
  expect(maxLagTasks).toBeCloseTo(50, 6);
  expect(maxLagUser).toBe('B');
});

test('who comes late is owed nothing for the time before', () => {
  const order = [...inBlocks({ A: 100 }), ...roundRobin({ B: 50, A: 50 })];
  const given = service(order);
  const times = given.arrivals.times.map((_, i) => (given.users[given.arrivals.users[i]!] === 'B' ? 100 : 0));
  const late = fairShare({ ...given, arrivals: { ...given.arrivals, times } });
  expect(late.maxLagTasks).toBeLessThanOrEqual(0.5 + 1e-6);
  expect(fairShare(given).maxLagTasks).toBeGreaterThan(40);
});

test('a share of three to one is fair only to weights of three to one', () => {
  const order = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 'B' : 'A'));
  const given = service(order, { A: 1000, B: 1000 });
  const weighted = fairShare(given, (user) => (user === 'A' ? 3 : 1));
  expect(weighted.jainAtHalf).toBeCloseTo(1, 9);
  expect(weighted.maxLagTasks).toBeLessThan(1);
  expect(fairShare(given).maxLagTasks).toBeGreaterThan(90);
});

const load = fc
  .array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })
  .map((counts) => Object.fromEntries(counts.map((count, i) => [`user${i}`, count])));

test('a round robin never leaves anybody a whole task behind', () => {
  fc.assert(
    fc.property(load, (tasks) => {
      expect(fairShare(service(roundRobin(tasks))).maxLagTasks).toBeLessThan(1);
    }),
  );
});

test('in any order the lag lies between nothing and all of a user, and Jain between 1/n and 1', () => {
  const anyOrder = load.chain((tasks) => fc.shuffledSubarray(inBlocks(tasks), { minLength: 1 }));
  fc.assert(
    fc.property(anyOrder, (order) => {
      const { jainAtHalf, maxLagTasks, maxLagUser } = fairShare(service(order));
      const own = order.filter((user) => user === maxLagUser).length;
      expect(maxLagTasks).toBeGreaterThanOrEqual(0);
      expect(maxLagTasks).toBeLessThanOrEqual(own + 1e-6);
      expect(maxLagUser === null).toBe(maxLagTasks === 0);
      expect(jainAtHalf).toBeLessThanOrEqual(1 + 1e-9);
      expect(jainAtHalf).toBeGreaterThanOrEqual(1 / new Set(order).size - 1e-9);
    }),
  );
});

test('the order in which arrivals are given does not matter', () => {
  const given = service(inBlocks({ A: 20, B: 10 }));
  const times = given.arrivals.times.map((_, i) => i / 2);
  const turned: Service = {
    ...given,
    arrivals: {
      users: given.arrivals.users.toReversed(),
      times: times.toReversed(),
      tasks: given.arrivals.tasks.toReversed(),
    },
  };
  expect(fairShare(turned)).toEqual(fairShare({ ...given, arrivals: { ...given.arrivals, times } }));
});
