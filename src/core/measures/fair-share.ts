import { orderByTime } from '../values/order-by-time.js';
import { FairShareMeter, ROUNDING } from './fair-share-meter.js';
import { Ideal } from './ideal.js';
import { lasting, type Shares } from './shares.js';

/** Things that happened to users: `users[i]`, an index, at `times[i]`, in microseconds. */
export interface UserTimes {
  readonly users: Uint32Array;
  readonly times: Float64Array;
}

/** What users asked for and what they got. */
export interface Service {
  /** Names, by index. */
  readonly users: readonly string[];
  /** One for each task that was started, in the order of time. */
  readonly starts: UserTimes;
  /** All tasks that were there to be started, `tasks[i]` (1 or more) at once, in any order; none later than its start. */
  readonly arrivals: UserTimes & { readonly tasks: Uint32Array };
}

export interface FairShare {
  readonly jainAtHalf: number;
  readonly maxLagTasks: number;
  /** Whose lag it was; null where nobody was ever behind. */
  readonly maxLagUser: string | null;
  /** When it was; in the unit of `starts.times`. */
  readonly maxLagAt: number | null;
  /** What each user had had started after half of the starts, and was due by then, by index. */
  readonly half: { readonly started: Float64Array; readonly due: Float64Array };
  /** The largest of each user, by index. */
  readonly lagOf: Float64Array;
}

export interface FairShareSample {
  readonly due: (user: number) => number;
  readonly started: Float64Array;
  readonly lag: number;
  readonly lagUser: number | null;
}

/** Looks at a run while it is held against the ideal. */
export interface FairShareSampler {
  /** When to look, ascending; in the unit of `starts.times`. */
  readonly times: Float64Array;
  /**
   * Called once for each, with what each user was due and has had started by then, and the largest lag of anybody
   * since the time before.
   */
  sample(index: number, look: FairShareSample): void;
}

/**
 * Holds a run against the ideal: the k-th start of the run is one unit of service, which a fluid
 * system (see FluidSystem) splits among the users who then have a backlog *there*.
 *
 * Service counts at the start of a task and not at its end: with c slots up to c tasks are in service
 * at any time, and a user whose tasks fill them is not behind. So concurrency alone gives no lag.
 *
 * - Lag of a user: its fluid service minus the tasks it has started, both just before a start. It is
 *   above 0 only while the user waits, and grows only between the user's own starts, so it is looked
 *   at before each of these and at the end. A perfect round robin stays below 1 task.
 * - Jain's index (Jain, Chiu, Hawe, DEC-TR-301, 1984) of r = started / fluid, over the users whose
 *   fluid service is 1 or more after half of the starts: (Σr)² / (n Σr²). 1 is fair; 1/n is one user
 *   having all. 1 where n is below 2. Tasks do not split, so that with a handful of tasks a user even
 *   a round robin stays below 1.
 *
 * Times of several workers are compared, so their clocks' difference times the rate is an error in
 * the lag. O(N log N) to sort, O(N log users) for the rest.
 */
export function fairShare(
  service: Service,
  given: Shares | ((user: string) => number) = () => 1,
  sampler?: FairShareSampler,
): FairShare {
  const { users, starts, arrivals } = service;
  const arrivalOrder = orderByTime(arrivals.times);
  const ideal = new Ideal(users, typeof given === 'function' ? lasting(given) : given);
  let sampled = 0;
  let sampledLag = 0;
  let sampledUser: number | null = null;
  const meter = new FairShareMeter(users.length, ideal.fluid, starts.users.length, (user, lag) => {
    if (lag <= sampledLag + ROUNDING) return;
    sampledLag = lag;
    sampledUser = user;
  });
  const due = (user: number): number => meter.due(user);
  const sampleUpTo = (now: number): void => {
    if (sampler === undefined) return;
    for (; sampled < sampler.times.length && sampler.times[sampled]! < now; sampled++) {
      sampler.sample(sampled, { due, started: meter.started, lag: sampledLag, lagUser: sampledUser });
      sampledLag = 0;
      sampledUser = null;
    }
  };

  let arrived = 0;
  for (let k = 0; k < starts.users.length; k++) {
    const now = starts.times[k]!;
    sampleUpTo(now);
    ideal.goTo(now);
    for (; arrived < arrivalOrder.length; arrived++) {
      const arrival = arrivalOrder[arrived]!;
      if (arrivals.times[arrival]! > now) break;
      meter.arrive(arrivals.users[arrival]!, arrivals.tasks[arrival]!);
    }
    meter.start(starts.users[k]!, now);
  }
  meter.end(starts.times.at(-1) ?? 0);
  sampleUpTo(Number.POSITIVE_INFINITY);
  const { jainAtHalf, half, lagOf, largestLag } = meter;
  return {
    jainAtHalf,
    maxLagTasks: largestLag.tasks,
    maxLagUser: largestLag.user === null ? null : users[largestLag.user]!,
    maxLagAt: largestLag.at,
    half,
    lagOf,
  };
}
