import { expect, test } from 'vitest';
import { chooseLanes, userSpans } from '../../../../src/render/lanes/lane-choice.js';
import { inBlocks, roundRobin, runInOrder } from '../../../support/synthetic-run.js';

test('a fair share has a stretch of 1, and 500 tasks behind 30,000 one of 30', () => {
  const load = { A: 30_000, B: 500 };
  expect(userSpans(runInOrder(roundRobin(load)).order).get('B')).toEqual({
    tasks: 500,
    last: 1000,
    stretch: 1,
  });
  const fifo = userSpans(runInOrder(inBlocks(load)).order);
  expect(fifo.get('B')).toEqual({ tasks: 500, last: 30_500, stretch: 30.5 });
  expect(fifo.get('A')!.stretch).toBeCloseTo(0.984, 3);
});

test('a round robin of any load stretches nobody', () => {
  const spans = userSpans(runInOrder(roundRobin({ A: 7, B: 3, C: 3, D: 1, E: 12 })).order);
  for (const { stretch } of spans.values()) expect(stretch).toBeLessThanOrEqual(1);
});

test('all users are shown while they fit', () => {
  expect(chooseLanes([], ['A', 'B'], 2)).toEqual({ users: ['A', 'B'], hidden: 0, gapAt: 2 });
});

test('of many users the worst served come first and the best served last', () => {
  const load = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`user${i}`, 5]));
  const { order } = runInOrder(inBlocks(load));
  expect(chooseLanes([userSpans(order)], order.users, 5)).toEqual({
    users: ['user29', 'user28', 'user27', 'user1', 'user0'],
    hidden: 25,
    gapAt: 3,
  });
});

test('who was not served at all is the worst served', () => {
  const { order } = runInOrder(inBlocks({ A: 5, B: 5, C: 5 }));
  const users = [...order.users, 'nobody'];
  expect(chooseLanes([userSpans(order)], users, 2).users).toEqual(['nobody', 'A']);
});

test('the largest and the failing have lanes, whoever else has none', () => {
  const load = {
    ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`user${i}`, 5])),
    big: 90,
    bigger: 100,
  };
  const { order } = runInOrder(roundRobin(load));
  const failing = ['user17', 'user17', 'bigger', 'user18', 'user19', 'elsewhere'];
  const { users, hidden, gapAt } = chooseLanes([userSpans(order)], order.users, 8, failing);
  expect(users.slice(0, 4)).toEqual(['bigger', 'big', 'user17', 'user18']);
  expect(new Set(users).size).toBe(8);
  expect({ hidden, gapAt }).toEqual({ hidden: 24, gapAt: 6 });
});
