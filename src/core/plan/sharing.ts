import { binomial, exceededBy, meanOf } from './binomial.js';

/** One light user in so many fares worse than what is called the worst. */
const WORST = 1 / 1_000;

/** The chance that a light user shares its queue with at least one of so many heavy users. */
export function chanceToShare(queues: number, heavy: number): number {
  return 1 - (1 - 1 / queues) ** heavy;
}

/** Tasks that run before a light user's, all heavy users having sent a burst of `burst` just before. */
export interface TasksAhead {
  readonly mean: number;
  /** Of 1 light user in 1,000. */
  readonly worst: number;
}

/**
 * Queues are taken in turns, and each is first in, first out. With K heavy users in its queue a light user's task
 * comes after K bursts. Each other queue has as many turns meanwhile, as long as it has tasks. With none in its
 * queue it waits for a turn of each queue that has one.
 */
export function aheadInHashed(queues: number, heavy: number, burst: number): TasksAhead {
  const inOwn = binomial(heavy, 1 / queues);
  const ahead = (inQueue: number) => {
    const others = queues - 1;
    if (others === 0) return burst * inQueue;
    const inOther = binomial(heavy - inQueue, 1 / others);
    // With no burst of its own before it, a turn of each is all that it waits for.
    if (inQueue === 0) return others * meanOf(inOther, (other) => Math.min(other, 1));
    return burst * (inQueue + others * meanOf(inOther, (other) => Math.min(other, inQueue)));
  };
  return { mean: meanOf(inOwn, ahead), worst: ahead(exceededBy(inOwn, WORST)) };
}
