import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenPlan } from '../../../../src/core/policy/token-plan.js';

describe('the tokens of a rate', () => {
  it('are as many as start at once, each held until the window has room again', () => {
    expect(tokenPlan({ starts: 20, perMs: 1_000, burst: 20 })).toEqual({ tokens: 20, holdMs: 1_000 });
    expect(tokenPlan({ starts: 20, perMs: 1_000, burst: 2 })).toEqual({ tokens: 2, holdMs: 100 });
    expect(tokenPlan({ starts: 10, perMs: 3_600_000, burst: 1 })).toEqual({ tokens: 1, holdMs: 360_000 });
    expect(tokenPlan({ starts: 100, perMs: 1_000, burst: 30 })).toEqual({ tokens: 25, holdMs: 250 });
    // Of a prime number one is left unused, and not half of them for the length of a round trip.
    expect(tokenPlan({ starts: 997, perMs: 1_000, burst: 997 })).toEqual({ tokens: 498, holdMs: 500 });
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
        // A token is used once in its time, so as often as that fits into the window.
        const uses = perMs / plan.holdMs;
        expect(uses).toBeCloseTo(Math.round(uses), 6);
        expect(Math.round(uses) * plan.tokens).toBeLessThanOrEqual(starts);
        expect(Math.round(uses) * plan.tokens).toBeGreaterThanOrEqual(0.98 * starts);
      }),
    );
  });
});
