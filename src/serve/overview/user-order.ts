import { compareNatural } from '../../core/values/natural-order.js';
import { needOfAttention } from './attention.js';
import type { UserFigures } from './user-figures.js';

export const USER_SORTS = ['attention', 'backlog', 'running', 'share', 'wait', 'failed', 'user'] as const;
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
    case 'attention':
      return needOfAttention(figures);
    case 'backlog':
      return figures.backlog ?? figures.atWorkers;
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
