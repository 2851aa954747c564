import { z } from 'zod';
import { Problem } from '../http/problem.js';
import {
  comparePlaces,
  naturalOrder,
  type Place,
  placeOf,
  type SortOrder,
  USER_SORTS,
  type UserFigures,
  type UserSort,
} from './user-figures.js';

export interface UsersQuestion {
  readonly sort: UserSort;
  readonly order?: SortOrder | undefined;
  readonly limit: number;
  /** A part of the user's name, in capitals or not. */
  readonly search?: string | undefined;
  /** Where the page before has ended. */
  readonly cursor?: string | undefined;
}

export interface UsersPage {
  readonly users: readonly UserFigures[];
  /** That `search` leaves. */
  readonly total: number;
  /** Of the next page; null where this is the last. */
  readonly next: string | null;
}

const CURSOR = z.tuple([
  z.enum(USER_SORTS),
  z.enum(['asc', 'desc']),
  z.union([z.number(), z.null()]),
  z.string(),
]);

/**
 * A page begins behind the place where the one before has ended, and not behind so many users. So while the figures change
 * no page shifts: a user who has moved over that place meanwhile is seen twice or not at all, and all others once.
 *
 * @throws Problem 400 for a cursor that is none of this order
 */
export function usersPage(
  all: readonly UserFigures[],
  { sort, order = naturalOrder(sort), limit, search = '', cursor }: UsersQuestion,
): UsersPage {
  const compare = comparePlaces(order, sort);
  const after = cursor === undefined ? undefined : placeIn(cursor, sort, order);
  const wanted = search.toLowerCase();
  const found = wanted === '' ? all : all.filter(({ user }) => user.toLowerCase().includes(wanted));
  const rest = found
    .map((figures) => ({ figures, place: placeOf(figures, sort) }))
    .filter(({ place }) => after === undefined || compare(place, after) > 0)
    .sort((a, b) => compare(a.place, b.place));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    users: page.map(({ figures }) => figures),
    total: found.length,
    next: last === undefined || rest.length === page.length ? null : cursorAt(last.place, sort, order),
  };
}

function cursorAt([value, user]: Place, sort: UserSort, order: SortOrder): string {
  return Buffer.from(JSON.stringify([sort, order, value, user])).toString('base64url');
}

function placeIn(cursor: string, sort: UserSort, order: SortOrder): Place {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    value = undefined;
  }
  const { success, data } = CURSOR.safeParse(value);
  if (success && data[0] === sort && data[1] === order) return [data[2], data[3]];
  throw new Problem(
    400,
    'bad-cursor',
    'The cursor is none of this list',
    'Take it as it came, with the same sort and order, or leave it out to begin anew.',
  );
}
