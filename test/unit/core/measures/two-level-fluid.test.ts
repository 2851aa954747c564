import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FluidSystem } from '../../../../src/core/measures/fluid-system.js';
import { TwoLevelFluid } from '../../../../src/core/measures/two-level-fluid.js';

/** Users 0 and 1 are of tenant 0, user 2 of tenant 1. */
const TENANTS = Uint32Array.of(0, 0, 1);

function fluidOf(users: readonly number[], tenants: readonly number[]): TwoLevelFluid {
  return new TwoLevelFluid(TENANTS, Float64Array.from(users), Float64Array.from(tenants));
}

function servedBy(fluid: TwoLevelFluid): number[] {
  return [0, 1, 2].map((user) => Math.round(fluid.served(user) * 1e6) / 1e6);
}

test('service is split between tenants, and then between the users of each', () => {
  const fluid = fluidOf([1, 3, 1], [1, 2]);
  for (const user of [0, 1, 2]) fluid.arrive(user, 1_000);
  fluid.serve(120);
  expect(servedBy(fluid)).toEqual([10, 30, 80]);
});

test('what a user does not need goes to the others of its tenant', () => {
  const fluid = fluidOf([1, 1, 1], [1, 1]);
  fluid.arrive(0, 5);
  fluid.arrive(1, 100);
  fluid.arrive(2, 100);
  fluid.serve(60);
  expect(servedBy(fluid)).toEqual([5, 25, 30]);
});

test('who is paused takes nothing, and its tenant nothing for it', () => {
  const fluid = fluidOf([1, 1, 1], [1, 1]);
  for (const user of [0, 2]) fluid.arrive(user, 100);
  fluid.serve(20);
  fluid.reweigh(Float64Array.of(0, 1, 1), Float64Array.of(1, 1));
  fluid.arrive(0, 10);
  fluid.serve(20);
  expect(servedBy(fluid)).toEqual([10, 0, 30]);
  fluid.reweigh(Float64Array.of(1, 1, 1), Float64Array.of(3, 1));
  fluid.serve(40);
  expect(servedBy(fluid)).toEqual([40, 0, 40]);
});

const step = fc.oneof(
  fc.record({ arrive: fc.nat(2), units: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ serve: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ paused: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }) }),
);

test('nothing is lost or served twice, whoever is paused in between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const fluid = fluidOf([1, 1, 1], [1, 1]);
      const flat = new FluidSystem(Float64Array.of(1, 1, 1));
      for (const one of steps) {
        if ('arrive' in one) {
          fluid.arrive(one.arrive, one.units);
          flat.arrive(one.arrive, one.units);
        } else if ('serve' in one) {
          fluid.serve(one.serve);
          flat.serve(one.serve);
        } else {
          const weights = Float64Array.from(one.paused, (is) => (is ? 0 : 1));
          fluid.reweigh(weights, Float64Array.of(1, 1));
          flat.reweigh(weights);
        }
      }
      // However it is split: as long as the same users are paused both have served as much in all, or all there was.
      const none = Float64Array.of(1, 1, 1);
      fluid.reweigh(none, Float64Array.of(1, 1));
      flat.reweigh(none);
      fluid.serve(1_000);
      flat.serve(1_000);
      for (const user of [0, 1, 2]) expect(fluid.served(user)).toBeCloseTo(flat.served(user), 6);
    }),
  );
});
