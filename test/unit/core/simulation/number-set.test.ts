import { expect, it } from 'vitest';
import { NumberSet } from '../../../../src/core/simulation/number-set.js';

it('has what was added and not taken out', () => {
  const set = new NumberSet(10);
  for (const member of [3, 7, 3, 5]) set.add(member);
  set.delete(3);
  set.delete(3);
  expect([set.size, set.has(3), set.has(7), set.has(5)]).toEqual([2, false, true, true]);
  expect([set.at(0), set.at(1)].sort()).toEqual([5, 7]);
  set.clear();
  expect([set.size, set.has(7)]).toEqual([0, false]);
});
