import fc from 'fast-check';
import { expect, test } from 'vitest';
import { percentiles } from '../../../../src/core/measures/percentiles.js';

test('nothing measured has no percentiles', () => {
  expect(percentiles(new Float64Array())).toBeNull();
});

test('of 1 to 100 the nth percentile is n', () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentiles(values)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
});

test('numbers sort as numbers and the argument stays as it was', () => {
  const values = Float64Array.of(10, 9, 100);
  expect(percentiles(values)).toEqual({ p50: 10, p95: 100, p99: 100, max: 100 });
  expect([...values]).toEqual([10, 9, 100]);
});

test('a percentile is the smallest value that enough of the values do not exceed', () => {
  const some = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(some, (values) => {
      const found = percentiles(Float64Array.from(values))!;
      for (const [p, value] of [
        [50, found.p50],
        [95, found.p95],
        [99, found.p99],
        [100, found.max],
      ] as const) {
        const naive = [...values]
          .sort((a, b) => a - b)
          .find(
            (candidate) => values.filter((other) => other <= candidate).length * 100 >= p * values.length,
          );
        // Equal as numbers: the sign of a zero does not matter.
        expect(value === naive).toBe(true);
      }
    }),
  );
});
