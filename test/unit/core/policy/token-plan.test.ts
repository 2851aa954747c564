import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenPlan } from '../../../../src/core/policy/token-plan.js';

describe('the tokens of a rate', () => {
  it('are as many as start at once, each held until the window has room again', () => {
    expect(tokenPlan({ starts: 20, perMs: 1_000, burst: 20 })).toEqual({ tokens: 20, holdMs: 1_000 });
    expect(tokenPlan({ starts: 20, perMs: 1_000, burst: 2 })).toEqual({ tokens: 2, holdMs: 100 });
    expect(tokenPlan({ starts: 10, perMs: 3_600_000, burst: 1 })).toEqual({ tokens: 1, holdMs: 360_000 });
  });

  it('never let more than so many start in any window, and let as many start over time', () => {
    const rates = fc.record({
      starts: fc.integer({ min: 1, max: 2_000 }),
      perMs: fc.constantFrom(1_000, 60_000, 3_600_000),
      burst: fc.integer({ min: 1, max: 2_000 }),
    });
    fc.assert(
      fc.property(rates, ({ starts, perMs, burst }) => {
        const plan = tokenPlan({ starts, perMs, burst: Math.min(burst, starts) });
        expect(plan.tokens).toBeLessThanOrEqual(Math.min(burst, 500));
        expect(starts % plan.tokens).toBe(0);
        // A token is used once in its time, so as often as that fits into the window.
        expect(Math.round((perMs / plan.holdMs) * plan.tokens)).toBe(starts);
        expect(Number.isInteger(starts / plan.tokens)).toBe(true);
      }),
    );
  });
});
