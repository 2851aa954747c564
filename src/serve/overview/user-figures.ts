import type { TopSteering } from '../../core/top/top-steering.js';
import { compareNatural } from '../../core/values/natural-order.js';

/** How a user fares now. Null: it is not known. */
export interface UserFigures extends TopSteering {
  readonly user: string;
  /** Tasks that wait in its queue. */
  readonly backlog: number | null;
  /** At workers: those that run, and those that were prefetched. */
  readonly unacknowledged: number | null;
  readonly perSecond: number;
  /** Its part of what ended in the last seconds, 0 to 1. */
  readonly share: number | null;
  readonly fairShare: number | null;
  /** How long the task at the head of its queue had waited, when it was listed. */
  readonly oldestWaitSeconds: number | null;
  /** How long its last task that ended had waited before it started. */
  readonly lastWaitSeconds: number | null;
  readonly failedLately: number;
  /** It has tasks, and no worker serves its queue. */
  readonly unserved: boolean;
}

export const USER_SORTS = ['backlog', 'running', 'share', 'wait', 'failed', 'user'] as const;
export type UserSort = (typeof USER_SORTS)[number];
export type SortOrder = 'asc' | 'desc';

export function naturalOrder(sort: UserSort): SortOrder {
  return sort === 'user' ? 'asc' : 'desc';
}

/** Where a user is in an order: what it is sorted by, and its name. */
export type Place = readonly [value: number | null, user: string];

export function placeOf(figures: UserFigures, sort: UserSort): Place {
  return [sortedBy(figures, sort), figures.user];
}

/** What is not known comes last in either order; the same figures are in the order of names. */
export function comparePlaces(order: SortOrder, sort: UserSort): (a: Place, b: Place) => number {
  const sign = order === 'asc' ? 1 : -1;
  if (sort === 'user') return ([, a], [, b]) => sign * compareNatural(a, b);
  return ([a, nameA], [b, nameB]) => {
    if (a !== b && (a === null || b === null)) return a === null ? 1 : -1;
    return sign * ((a ?? 0) - (b ?? 0)) || compareNatural(nameA, nameB);
  };
}

function sortedBy(figures: UserFigures, sort: UserSort): number | null {
  switch (sort) {
    case 'backlog':
      return figures.backlog;
    case 'running':
      return figures.running;
    case 'share':
      return figures.share;
    case 'wait':
      return figures.oldestWaitSeconds ?? figures.lastWaitSeconds;
    case 'failed':
      return figures.failedLately;
    case 'user':
      return null;
  }
}
