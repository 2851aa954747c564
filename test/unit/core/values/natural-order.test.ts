import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNatural } from '../../../../src/core/values/natural-order.js';

test('user2 comes before user10', () => {
  expect(['user10', 'user2', 'user1', 'user', 'B', 'a'].sort(compareNatural)).toEqual([
    'B',
    'a',
    'user',
    'user1',
    'user2',
    'user10',
  ]);
});

test('digits compare by value however many they are', () => {
  const ids = ['n100000000000000000000000000002a', 'n100000000000000000000000000001b', 'n9'];
  expect(ids.toSorted(compareNatural)).toEqual([ids[2], ids[1], ids[0]]);
});

test('names that differ in leading zeros only are still told apart', () => {
  expect(compareNatural('a01', 'a1')).not.toBe(0);
  expect(Math.sign(compareNatural('a01', 'a1'))).toBe(-Math.sign(compareNatural('a1', 'a01')));
});

const name = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', 'b', '-', 'é'), maxLength: 6 });

test('it is a total order', () => {
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      expect(compareNatural(a, b) === 0).toBe(a === b);
      expect(compareNatural(a, b) > 0).toBe(compareNatural(b, a) < 0);
      if (compareNatural(a, b) < 0 && compareNatural(b, c) < 0) expect(compareNatural(a, c)).toBeLessThan(0);
    }),
    { numRuns: 5000 },
  );
});
