import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketOf, describeScale, fitScale, renderAxis, roundUp } from '../../../../src/render/lanes/axis.js';

test('every position falls into a bucket, in order, and buckets differ by one position at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 8, max: 200 }), (positions, room) => {
      const scale = fitScale(positions, room);
      const sizes = Array.from({ length: scale.buckets }, () => 0);
      let before = 0;
      for (let position = 1; position <= positions; position++) {
        const bucket = bucketOf(position, scale);
        expect(bucket).toBeGreaterThanOrEqual(before);
        before = bucket;
        sizes[bucket]!++;
      }
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(scale.buckets * scale.bucketColumns).toBeLessThanOrEqual(room);
    }),
  );
});

test('the scale is said in words', () => {
  expect(describeScale(fitScale(30_500, 61))).toBe('a column: 500 tasks');
  expect(describeScale(fitScale(30_500, 60))).toBe('a column: about 508 tasks');
  expect(describeScale(fitScale(60, 60))).toBe('a column: 1 task');
  expect(describeScale(fitScale(9, 60))).toBe('a task: 4 columns');
});

test('labels stand under their ticks, at round positions and at both ends', () => {
  expect(renderAxis(fitScale(30_500, 61), true)).toEqual([
    '┬────────┬─────────┬─────────┬─────────┬─────────┬──────────┬',
    '1        5,000     10,000    15,000    20,000    25,000     30,500',
  ]);
  expect(renderAxis(fitScale(3, 61), false)).toEqual(['+---+---+---', '1   2   3   ']);
  expect(renderAxis(fitScale(1, 61), false)).toEqual(['+---', '1   ']);
});

test('labels never run into each other', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000_000 }),
      fc.integer({ min: 8, max: 200 }),
      (positions, room) => {
        const [ticks, labels] = renderAxis(fitScale(positions, room), true);
        const starts = [...labels.matchAll(/\S+/g)].map(({ index }) => index);
        const marks = [...ticks.matchAll(/┬/g)].map(({ index }) => index);
        expect(starts).toEqual(marks);
        expect(labels.trimEnd().split(/\s+/).at(-1)).toBe(positions.toLocaleString('en-US'));
      },
    ),
  );
});

test('a count is rounded up to a round one that is at most half as large again', () => {
  expect([1, 9, 2000, 2006, 610, 999].map(roundUp)).toEqual([1, 10, 2000, 2500, 800, 1000]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), (count) => {
      expect(roundUp(count)).toBeGreaterThanOrEqual(count);
      expect(roundUp(count)).toBeLessThanOrEqual(Math.ceil(1.5 * count));
    }),
  );
});
