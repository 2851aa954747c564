import fc from 'fast-check';
import { timeCharge } from '../../src/core/scheduling/charging.js';

/** Tasks are delivered on so many channels, in turns. */
export const CHANNELS = 5;
const MOST_USERS = 24;

export interface Profile {
  readonly weight: number;
  /** What its tasks cost, one after the other, over and over. */
  readonly costs: readonly number[];
}

export type Step =
  | { readonly kind: 'pick' }
  | { readonly kind: 'arrive'; readonly user: number; readonly count: number }
  /** Which of the running tasks, 0 the oldest and 1 the youngest. */
  | { readonly kind: 'finish'; readonly at: number }
  /** A look at what runs: each task has done this part of its cost. */
  | { readonly kind: 'watch'; readonly part: number }
  /** No picks for so many steps. */
  | { readonly kind: 'pause'; readonly steps: number }
  | { readonly kind: 'takeBack'; readonly user: number; readonly count: number }
  /** Its gate says no at its next turn. */
  | { readonly kind: 'shut'; readonly user: number }
  /** Its gate says yes again, and the scheduler is told. */
  | { readonly kind: 'letGo'; readonly user: number; readonly credit: boolean }
  | { readonly kind: 'weigh'; readonly user: number; readonly weight: number }
  /** A channel is lost, and what it had delivered. */
  | { readonly kind: 'drop'; readonly channel: number };

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const kind = <K extends Step['kind']>(name: K) => fc.constant(name);

const weight = fc.oneof(fc.constantFrom(0.25, 0.5, 1, 1, 3), between(0.1, 10));
export const cost = fc.oneof(fc.integer({ min: 1, max: 20 }), between(0.01, 20));
/** Mostly alike, as a user's tasks are, and now and then quite another. */
export const runMs = fc.oneof(fc.constantFrom(0, 0.02, 1, 1, 1, 30, 500), between(0, 100)).map(timeCharge);

export function profiles(costs: fc.Arbitrary<number>): fc.Arbitrary<Profile[]> {
  const profile = fc.record({ weight, costs: fc.array(costs, { minLength: 1, maxLength: 8 }) });
  return fc.array(profile, { minLength: 2, maxLength: MOST_USERS });
}

const user = fc.nat({ max: MOST_USERS - 1 });
const count = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 }));
const channel = fc.nat({ max: CHANNELS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 24, arbitrary: fc.record({ kind: kind('pick') }) },
  { weight: 18, arbitrary: fc.record({ kind: kind('finish'), at: between(0, 1) }) },
  { weight: 8, arbitrary: fc.record({ kind: kind('arrive'), user, count }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('watch'), part: between(0, 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('pause'), steps: fc.nat({ max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('takeBack'), user, count }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('drop'), channel }) },
);
/** What a policy does: it shuts users out, lets them go on, and gives them other weights. */
const policyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: step },
  { weight: 3, arbitrary: fc.record({ kind: kind('shut'), user }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('letGo'), user, credit: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('weigh'), user, weight }) },
);
export const policySteps = fc.array(policyStep, { minLength: 100, maxLength: 500, size: 'max' });
export const steps = fc.array(step, { minLength: 100, maxLength: 500, size: 'max' });
export const slots = fc.integer({ min: 1, max: 12 });
