import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STEPS_MS, stepTowards } from '../../../../src/core/message/postponed.js';

const DAY_MS = 86_400_000;

describe('the waits of a task that is not due', () => {
  it('end at its time, at most a tenth of a second later, after a bounded number of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: DAY_MS }), (total) => {
        let waits = 0;
        let left = total;
        for (; left > 0; waits++) {
          const step = stepTowards(left);
          expect(STEPS_MS).toContain(step);
          left -= step;
        }
        expect(left).toBeGreaterThan(-100);
        expect(waits).toBeLessThanOrEqual(40);
      }),
    );
  });
});
