import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import { fill, type ScheduledTask, take, usersOf } from '../../../support/scheduled-task.js';
import { SimulatedSlots } from '../../../support/simulated-slots.js';
import { cost, policySteps, profiles, runMs, slots, steps } from '../../../support/slot-steps.js';

describe('whatever arrives, starts, ends, is taken back or lost, two backlogged users stay within', () => {
  it('one largest charge of each, if charges are exact', () => {
    fc.assert(
      fc.property(profiles(cost), slots, steps, (users, free, what) => {
        new SimulatedSlots(users, free, 'exact').run(what);
      }),
      { numRuns: 1_500 },
    );
  });

  it('that and the errors of the running tasks, if charges are put right when a task ends', () => {
    fc.assert(
      fc.property(profiles(runMs), slots, steps, (users, free, what) => {
        new SimulatedSlots(users, free, 'estimated').run(what);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('whatever gates and weights do meanwhile, users that are not blocked stay within', () => {
  it('one largest charge of each, and the credit of whom a gate has let go', () => {
    fc.assert(
      fc.property(profiles(cost), slots, policySteps, (users, free, what) => {
        new SimulatedSlots(users, free, 'exact').run(what);
      }),
      { numRuns: 1_500 },
    );
  });

  it('that and the errors of the running tasks', () => {
    fc.assert(
      fc.property(profiles(runMs), slots, policySteps, (users, free, what) => {
        new SimulatedSlots(users, free, 'estimated').run(what);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the bound', () => {
  it('is reached, so no smaller one is true', () => {
    const costs = new Map([
      ['A', 1],
      ['B', 2],
    ]);
    const scheduler = new FairScheduler<ScheduledTask>(
      () => 1,
      ({ user }) => costs.get(user)!,
    );
    fill(scheduler, 'A', 9);
    fill(scheduler, 'B', 9);
    const first = take(scheduler, 4);
    expect(usersOf(first)).toBe('ABAB');
    let lead = 0;
    const leads = first.map(({ lane }) => (lead += lane.user === 'A' ? 1 : -2));
    expect(Math.max(...leads) - Math.min(...leads)).toBe(1 + 2);
  });
});
