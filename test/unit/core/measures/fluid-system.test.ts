import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FluidSystem } from '../../../../src/core/measures/fluid-system.js';

function fluidOf(...weights: number[]): FluidSystem {
  return new FluidSystem(Float64Array.from(weights));
}

test('users with a backlog share alike, and what one does not need goes to the others', () => {
  const fluid = fluidOf(1, 1);
  fluid.arrive(0, 10);
  fluid.arrive(1, 2);
  fluid.serve(3);
  expect([fluid.served(0), fluid.served(1)]).toEqual([1.5, 1.5]);
  fluid.serve(3);
  expect([fluid.served(0), fluid.served(1)]).toEqual([4, 2]);
});

test('service goes by weight', () => {
  const fluid = fluidOf(3, 1);
  fluid.arrive(0, 100);
  fluid.arrive(1, 100);
  fluid.serve(40);
  expect([fluid.served(0), fluid.served(1)]).toEqual([30, 10]);
});

test('who comes late has saved up nothing', () => {
  const fluid = fluidOf(1, 1);
  fluid.arrive(0, 100);
  fluid.serve(50);
  fluid.arrive(1, 100);
  fluid.serve(20);
  expect([fluid.served(0), fluid.served(1)]).toEqual([60, 10]);
});

test('work that arrives during a backlog prolongs it', () => {
  const fluid = fluidOf(1, 1);
  fluid.arrive(0, 1);
  fluid.arrive(1, 10);
  fluid.serve(1);
  fluid.arrive(0, 9);
  fluid.serve(10);
  expect([fluid.served(0), fluid.served(1)]).toEqual([5.5, 5.5]);
});

test('from when weights change service goes by the new ones, and who has none keeps its backlog', () => {
  const fluid = fluidOf(1, 1);
  fluid.arrive(0, 100);
  fluid.arrive(1, 30);
  fluid.serve(20);
  fluid.reweigh(Float64Array.of(3, 1));
  fluid.serve(20);
  expect([fluid.served(0), fluid.served(1)]).toEqual([25, 15]);
  fluid.reweigh(Float64Array.of(3, 0));
  fluid.arrive(1, 5);
  fluid.serve(10);
  expect([fluid.served(0), fluid.served(1), fluid.waiting(1)]).toEqual([35, 15, 20]);
  fluid.reweigh(Float64Array.of(1, 1));
  fluid.serve(60);
  expect([fluid.served(0), fluid.served(1)]).toEqual([75, 35]);
});

test('a weight that is no weight is refused', () => {
  for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => fluidOf(1, weight)).toThrow(RangeError);
  }
});

const weight = fc.double({ min: 0.1, max: 50, noNaN: true });
const step = fc.oneof(
  fc.record({ arrive: fc.nat(4), units: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ serve: fc.double({ min: 0, max: 12, noNaN: true }) }),
);

test('shares add up to the service, stay within what arrived, and follow a naive model', () => {
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 5, maxLength: 5 }),
      fc.array(step, { maxLength: 60 }),
      (weights, steps) => {
        const fluid = fluidOf(...weights);
        const arrived = weights.map(() => 0);
        const served = weights.map(() => 0);
        for (const action of steps) {
          if ('arrive' in action) {
            fluid.arrive(action.arrive, action.units);
            arrived[action.arrive]! += action.units;
          } else {
            fluid.serve(action.serve);
            serveNaively(action.serve, weights, arrived, served);
          }
          for (const user of weights.keys()) {
            expect(fluid.served(user)).toBeCloseTo(served[user]!, 6);
            expect(fluid.served(user)).toBeLessThanOrEqual(arrived[user]! + 1e-9);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** Without virtual time or a heap: shares out what is left until nobody is drained by it. */
function serveNaively(
  units: number,
  weights: readonly number[],
  arrived: readonly number[],
  served: number[],
): void {
  let left = units;
  while (left > 1e-12) {
    const active = [...weights.keys()].filter((user) => arrived[user]! - served[user]! > 1e-12);
    if (active.length === 0) return;
    const sum = active.reduce((total, user) => total + weights[user]!, 0);
    const portion = Math.min(
      left,
      ...active.map((user) => ((arrived[user]! - served[user]!) * sum) / weights[user]!),
    );
    for (const user of active) served[user]! += (portion * weights[user]!) / sum;
    left -= portion;
  }
}
