import {
  AHEAD_MS,
  ALONE_BUDGET,
  ALONE_EACH,
  ALONE_FEW_USERS,
  CALM_SPREAD_BUDGET,
  LEAST_SPREAD,
  NO_TIME_MS,
  PART_OF_BACKLOG,
  PROMOTE_AFTER,
  SHARED_USER_BUDGET,
  SHARED_USER_POWER,
  SHORTEST_TO_WIDEN_MS,
  WIDENED_AHEAD_MS,
  WORKER_BUDGET,
} from './tuning.js';

/**
 * What the prefetch of a queue depends on: how many unacknowledged tasks it may have at this worker. Too few, and slots wait for the
 * broker's next delivery; too many, and tasks sit here that an idle worker elsewhere could run.
 */
export interface PrefetchNeeds {
  readonly concurrency: number;
  /** Users with tasks here, this one included. */
  readonly activeUsers: number;
  /** This user's weight divided by that of all users with tasks here. */
  readonly weightShare: number;
  /** The part of the slots that its tasks take when everybody gets what is due, and leaves what it does not need. */
  readonly slotShare: number;
  /** Workers that share the load, this one included. */
  readonly workers: number;
  /** Mean run time of this user's tasks here, or undefined before the first has ended. */
  readonly taskMs: number | undefined;
  /** Tasks that this user has, as far as one can tell: found waiting, or served without a pause. */
  readonly backlog: number;
}

/**
 * What makes a prefetch as large as it is: one task for each of the user's slots, as nobody knows how
 * long tasks take (`unknown`) or they are long (`slots`); work ahead for a round trip to the broker
 * (`ahead`); slots that would be free otherwise (`starved`); the most that a worker prefetches in all
 * (`worker-budget`), or all workers of one user (`user-budget`); a prefetch that was asked for (`fixed`);
 * one task beside what runs, as a limit keeps its user from starting (`held-back`); what a queue of light users has
 * (`spread`).
 */
export type PrefetchReason =
  | 'unknown'
  | 'slots'
  | 'ahead'
  | 'starved'
  | 'worker-budget'
  | 'user-budget'
  | 'fixed'
  | 'held-back'
  | 'spread';

export interface Prefetch {
  readonly size: number;
  readonly reason: PrefetchReason;
}

/** The prefetch of a queue, and what set it. */
export function prefetchFor(needs: PrefetchNeeds): Prefetch {
  const { concurrency, activeUsers, weightShare, slotShare, workers, taskMs, backlog } = needs;
  const running = Math.max(1, Math.ceil(concurrency * slotShare));
  if (taskMs === undefined) return { size: running, reason: 'unknown' };
  const ahead = taskMs < NO_TIME_MS ? Number.POSITIVE_INFINITY : (concurrency * AHEAD_MS) / taskMs;
  const wanted = Math.floor(running + ahead * slotShare);
  if (wanted === running) return { size: running, reason: 'slots' };
  const ofWorker = (workers === 1 ? aloneBudget(activeUsers) : WORKER_BUDGET / workers) * weightShare;
  const ofUser = workers === 1 ? Number.POSITIVE_INFINITY : userBudget() / workers ** SHARED_USER_POWER;
  const most = Math.max(running, Math.floor(Math.min(ofWorker, ofUser)));
  if (wanted <= most) return { size: wanted, reason: 'ahead' };
  return { size: most, reason: ofUser < ofWorker ? 'user-budget' : 'worker-budget' };

  function userBudget(): number {
    if (activeUsers <= 1) return Math.max(SHARED_USER_BUDGET, backlog * PART_OF_BACKLOG);
    return SHARED_USER_BUDGET * weightShare * activeUsers;
  }
}

function aloneBudget(users: number): number {
  const wanted = Math.max(ALONE_BUDGET, (ALONE_BUDGET * ALONE_FEW_USERS) / users, ALONE_EACH * users);
  return Math.min(WORKER_BUDGET, wanted);
}

/**
 * The prefetch of a spread queue at one worker. Whoever has more than half of it gets a queue of its own.
 *
 * @param queues spread queues that the worker serves
 * @param workers that share the load, this one included
 * @param promoteAfter tasks of one user that all workers may have prefetched of them
 */
export function spreadPrefetch(queues: number, workers: number, promoteAfter = PROMOTE_AFTER): number {
  const shows = Math.ceil((2 * promoteAfter) / workers);
  return Math.max(LEAST_SPREAD, Math.min(shows, Math.ceil(WORKER_BUDGET / queues)));
}

/**
 * The prefetch of a spread queue of which no user has much: more would only lie here. Where one has more than half of
 * it, it takes the whole prefetch to see whether the user is heavy.
 *
 * @param queues spread queues that the worker serves
 * @param whole see `spreadPrefetch`
 */
export function calmSpreadPrefetch(queues: number, whole: number): number {
  return Math.max(LEAST_SPREAD, Math.min(whole, Math.ceil(CALM_SPREAD_BUDGET / queues)));
}

/**
 * The next larger prefetch for a user whose tasks are wanted and do not come fast enough.
 *
 * @param size the prefetch as it is
 */
export function widened({ concurrency, slotShare, taskMs }: PrefetchNeeds, size: number): number {
  if (taskMs === undefined || taskMs < SHORTEST_TO_WIDEN_MS) return size;
  const most = Math.ceil(concurrency * slotShare * (1 + WIDENED_AHEAD_MS / taskMs));
  return Math.max(size, Math.min(size * 2, most));
}
