import { expect, it } from 'vitest';
import { ShareOfTime } from '../../../../src/core/values/share-of-time.js';

it('lets the work go on at once, and then for its share of the time', () => {
  const time = new ShareOfTime(0.01, 100);
  expect(time.allows(0)).toBe(true);
  time.used(150);
  expect(time.allows(4_900)).toBe(false);
  expect(time.allows(5_100)).toBe(true);
  time.used(11);
  expect(time.allows(5_200)).toBe(false);
});

it('keeps no more than was said of the time that nobody used', () => {
  const time = new ShareOfTime(0.5, 100);
  time.allows(0);
  time.used(100);
  expect(time.allows(1_000_000)).toBe(true);
  time.used(100);
  expect(time.allows(1_000_000)).toBe(false);
});

it('is used up to its share, whoever asks how often', () => {
  const time = new ShareOfTime(0.01, 20);
  let used = 0;
  for (let now = 0; now <= 100_000; now += 7) {
    while (time.allows(now)) {
      time.used(3);
      used += 3;
    }
  }
  expect(used).toBeGreaterThanOrEqual(1_000);
  expect(used).toBeLessThanOrEqual(1_000 + 20 + 3);
});
