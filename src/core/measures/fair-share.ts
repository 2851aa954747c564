import { orderByTime } from '../values/order-by-time.js';
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

/** A share that rounding has left a hair below a whole task is a whole task. */
const ROUNDING = 1e-6;

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
  const { fluid } = ideal;
  const started = new Float64Array(users.length);
  const half = Math.floor(starts.users.length / 2);
  let jainAtHalf = 1;
  let maxLagTasks = 0;
  let maxLagUser: string | null = null;
  let maxLagAt: number | null = null;
  const atHalf = { started: new Float64Array(users.length), due: new Float64Array(users.length) };
  const lagOf = new Float64Array(users.length);

  const look = (user: number, at: number): void => {
    const lag = fluid.served(user) - started[user]!;
    if (lag > sampledLag + ROUNDING) {
      sampledLag = lag;
      sampledUser = user;
    }
    if (lag <= lagOf[user]! + ROUNDING) return;
    lagOf[user] = lag;
    if (lag <= maxLagTasks + ROUNDING) return;
    maxLagTasks = lag;
    maxLagUser = users[user]!;
    maxLagAt = at;
  };

  const due = (user: number): number => fluid.served(user);
  let sampled = 0;
  let sampledLag = 0;
  let sampledUser: number | null = null;
  const sampleUpTo = (now: number): void => {
    if (sampler === undefined) return;
    for (; sampled < sampler.times.length && sampler.times[sampled]! < now; sampled++) {
      sampler.sample(sampled, { due, started, lag: sampledLag, lagUser: sampledUser });
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
      fluid.arrive(arrivals.users[arrival]!, arrivals.tasks[arrival]!);
    }
    const user = starts.users[k]!;
    look(user, now);
    fluid.serve(1);
    started[user]!++;
    if (k + 1 !== half) continue;
    atHalf.started.set(started);
    for (let user = 0; user < users.length; user++) atHalf.due[user] = fluid.served(user);
    jainAtHalf = jainIndex(atHalf);
  }
  const end = starts.times.at(-1) ?? 0;
  for (let user = 0; user < users.length; user++) look(user, end);
  sampleUpTo(Number.POSITIVE_INFINITY);
  return { jainAtHalf, maxLagTasks, maxLagUser, maxLagAt, half: atHalf, lagOf };
}

function jainIndex({ started, due }: FairShare['half']): number {
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (let user = 0; user < started.length; user++) {
    const share = due[user]!;
    if (share < 1 - ROUNDING) continue;
    const ratio = started[user]! / share;
    n++;
    sum += ratio;
    squares += ratio * ratio;
  }
  return n < 2 || squares === 0 ? 1 : (sum * sum) / (n * squares);
}
