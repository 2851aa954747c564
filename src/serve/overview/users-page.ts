import { z } from 'zod';
import { Problem } from '../http/problem.js';
import { type Attention, attentionTo } from './attention.js';
import type { UserFigures } from './user-figures.js';
import {
  comparePlaces,
  naturalOrder,
  type Place,
  placeOf,
  type SortOrder,
  USER_SORTS,
  type UserSort,
} from './user-order.js';

export interface UsersQuestion {
  readonly sort: UserSort;
  readonly order?: SortOrder | undefined;
  readonly limit: number;
  /** A part of the user's name, in capitals or not. */
  readonly search?: string | undefined;
  /** Those alone of whom this is to be said. */
  readonly attention?: Attention | undefined;
  readonly tenant?: string | undefined;
  /** Where another page has ended or begun. */
  readonly cursor?: string | undefined;
}

export interface UsersPage {
  readonly users: readonly (UserFigures & { readonly attention: readonly Attention[] })[];
  /** That `search`, `attention` and `tenant` leave. */
  readonly total: number;
  /** Of them, those before this page. */
  readonly before: number;
  /** Of the next page; null where this is the last. */
  readonly next: string | null;
  /** Of the page before; null where this is the first. */
  readonly previous: string | null;
}

const CURSOR = z.tuple([
  z.enum(USER_SORTS),
  z.enum(['asc', 'desc']),
  z.union([z.number(), z.null()]),
  z.string(),
  z.enum(['after', 'before']),
]);

interface Placed {
  readonly figures: UserFigures;
  readonly place: Place;
}

/**
 * A page begins behind the place where the one before has ended, and not behind so many users. So while the figures change
 * no page shifts: a user who has moved over that place meanwhile is seen twice or not at all, and all others once.
 *
 * @throws Problem 400 for a cursor that is none of this order
 */
export function usersPage(all: readonly UserFigures[], question: UsersQuestion): UsersPage {
  const { sort, order = naturalOrder(sort), limit, cursor } = question;
  const compare = comparePlaces(order, sort);
  const from = cursor === undefined ? undefined : placeIn(cursor, sort, order);
  const placed = chosen(all, question).map((figures): Placed => ({ figures, place: placeOf(figures, sort) }));
  const byPlace = (a: Placed, b: Placed) => compare(a.place, b.place);
  const pageOf = (rest: readonly Placed[]) => first(rest, limit, byPlace);
  let page: readonly Placed[];
  let before = 0;
  if (from?.isBefore) {
    const above = placed.filter(({ place }) => compare(place, from.place) < 0);
    page = first(above, limit, (a, b) => byPlace(b, a)).reverse();
    before = above.length - page.length;
    // Fewer than a page are above: they are the beginning of the first one.
    if (before === 0) page = pageOf(placed);
  } else if (from !== undefined) {
    const rest = placed.filter(({ place }) => compare(place, from.place) > 0);
    page = pageOf(rest);
    before = placed.length - rest.length;
  } else page = pageOf(placed);
  const at = (one: Placed | undefined, side: 'after' | 'before') =>
    one === undefined ? null : cursorAt(one.place, sort, order, side);
  return {
    users: page.map(({ figures }) => ({ ...figures, attention: attentionTo(figures) })),
    total: placed.length,
    before,
    next: before + page.length < placed.length ? at(page.at(-1), 'after') : null,
    previous: before > 0 ? at(page[0], 'before') : null,
  };
}

function chosen(
  all: readonly UserFigures[],
  { search = '', attention, tenant }: UsersQuestion,
): readonly UserFigures[] {
  const wanted = search.toLowerCase();
  if (wanted === '' && attention === undefined && tenant === undefined) return all;
  return all.filter(
    (figures) =>
      (wanted === '' || figures.user.toLowerCase().includes(wanted)) &&
      (tenant === undefined || figures.tenant === tenant) &&
      (attention === undefined || attentionTo(figures).includes(attention)),
  );
}

/** The first so many in their order. To sort all of 20,000 users for each page would take half a second. */
function first<T>(all: readonly T[], count: number, compare: (a: T, b: T) => number): T[] {
  let best: T[] = [];
  let last: T | undefined;
  for (const one of all) {
    if (last !== undefined && compare(one, last) >= 0) continue;
    best.push(one);
    if (best.length < 2 * count) continue;
    best = best.sort(compare).slice(0, count);
    last = best.at(-1);
  }
  return best.sort(compare).slice(0, count);
}

function cursorAt([value, user]: Place, sort: UserSort, order: SortOrder, side: 'after' | 'before'): string {
  return Buffer.from(JSON.stringify([sort, order, value, user, side])).toString('base64url');
}

function placeIn(
  cursor: string,
  sort: UserSort,
  order: SortOrder,
): { readonly place: Place; readonly isBefore: boolean } {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    value = undefined;
  }
  const { success, data } = CURSOR.safeParse(value);
  if (success && data[0] === sort && data[1] === order) {
    return { place: [data[2], data[3]], isBefore: data[4] === 'before' };
  }
  throw new Problem(
    400,
    'bad-cursor',
    'The cursor is none of this list',
    'Take it as it came, with the same sort and order, or leave it out to begin anew.',
  );
}
