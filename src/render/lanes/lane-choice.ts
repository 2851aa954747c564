import type { CompletionOrder } from '../../core/reports/run-report.js';
import { roundUp } from './axis.js';

/** The completions of one run, and what to call it beside others. */
export interface LaneGroup {
  readonly label: string;
  readonly order: CompletionOrder;
  /** Those to draw, where it is not all of them. */
  readonly users?: readonly string[] | undefined;
  /** Those with tasks that failed for good, the most failures first. */
  readonly failing?: readonly string[] | undefined;
}

/** What one user has got in one run. */
export interface UserSpan {
  readonly tasks: number;
  /** Position of the last completion, from 1. */
  readonly last: number;
  /**
   * The last position over the one that a round robin among all users would have come to, had all
   * tasks been there from the start: Σ min(tasks of each, own tasks). 1 is as good as fair, 30 is
   * thirty times as late.
   */
  readonly stretch: number;
}

/** By name, in the order of `order.users`; users without a completion have no span. */
export function userSpans(order: CompletionOrder): Map<string, UserSpan> {
  const tasks = new Uint32Array(order.users.length);
  const last = new Uint32Array(order.users.length);
  for (let i = 0; i < order.order.length; i++) {
    const user = order.order[i]!;
    tasks[user]!++;
    last[user] = i + 1;
  }
  const fairLast = fairLastByTasks(tasks);
  const spans = new Map<string, UserSpan>();
  for (const [i, user] of order.users.entries()) {
    const count = tasks[i]!;
    if (count === 0) continue;
    spans.set(user, { tasks: count, last: last[i]!, stretch: last[i]! / fairLast.get(count)! });
  }
  return spans;
}

/** For each number of tasks: where a round robin among all comes to the last of so many. */
function fairLastByTasks(tasks: Uint32Array): Map<number, number> {
  const sorted = tasks.toSorted();
  const result = new Map<number, number>();
  let before = 0;
  for (const [i, count] of sorted.entries()) {
    if (!result.has(count)) result.set(count, before + count * (sorted.length - i));
    before += count;
  }
  return result;
}

export interface LaneChoice {
  /** Every user; or the largest, the failing, the worst served and the best served, in this order. */
  readonly users: readonly string[];
  /** How many users have no lane: they belong before `users[gapAt]`. */
  readonly hidden: number;
  readonly gapAt: number;
}

/** Groups as they are drawn: with the same users, on the same scale. */
export interface LaneView {
  readonly groups: readonly (LaneGroup & { readonly spans: ReadonlyMap<string, UserSpan> })[];
  readonly choice: LaneChoice;
  /** Of the longest. */
  readonly positions: number;
  /** So many are worth a picture of their own, larger; null where the whole shows it all. */
  readonly zoom: number | null;
}

/** A first finish within this part of the picture is drawn again, larger. */
const ZOOM_BELOW = 0.2;

export function viewLanes(lanes: readonly LaneGroup[], mostUsers: number): LaneView {
  const groups = lanes.map((group) => ({ ...group, spans: userSpans(group.order) }));
  const positions = Math.max(0, ...groups.map(({ order }) => order.order.length));
  const all = [...new Set(groups.flatMap(({ order, users }) => users ?? order.users))];
  const spans = groups.map((group) => group.spans);
  const failing = groups.flatMap((group) => group.failing ?? []);
  const choice = chooseLanes(spans, all, mostUsers, failing);
  return {
    groups,
    choice,
    positions,
    zoom: choice.hidden === 0 ? zoomTo(groups, choice.users, positions) : null,
  };
}

/** Twice as far as the first user to finish, where that is too early to be seen on the whole. */
function zoomTo(groups: LaneView['groups'], users: readonly string[], positions: number): number | null {
  const lasts = groups.flatMap(({ spans }) => users.flatMap((user) => spans.get(user)?.last ?? []));
  const firstFinish = Math.min(...lasts);
  const zoom = roundUp(2 * firstFinish);
  return zoom <= positions * ZOOM_BELOW ? zoom : null;
}

/**
 * At most `most` users, the same for all groups so that the eye can compare: the largest and the failing
 * ones are who is asked about, and the worst and best served stand for the rest.
 *
 * @param failing may name a user again, and users that are not among `all`
 */
export function chooseLanes(
  groups: readonly ReadonlyMap<string, UserSpan>[],
  all: readonly string[],
  most: number,
  failing: readonly string[] = [],
): LaneChoice {
  if (all.length <= most) return { users: all, hidden: 0, gapAt: all.length };
  const first = firstLanes(groups, all, most, failing);
  const others = all.filter((user) => !first.has(user));
  const room = most - first.size;
  const stretches = others.map((user) =>
    groups.map((spans) => spans.get(user)?.stretch ?? Number.POSITIVE_INFINITY),
  );
  const worst = stretches.map((values) => Math.max(...values));
  const best = stretches.map((values) => Math.min(...values));
  const byWorst = [...others.keys()].sort((a, b) => descending(worst[a]!, worst[b]!));
  const worstServed = byWorst.slice(0, Math.ceil(room / 2));
  const bestServed = byWorst
    .slice(worstServed.length)
    .sort((a, b) => -descending(best[a]!, best[b]!))
    .slice(0, room - worstServed.length)
    .reverse();
  const users = [...first, ...[...worstServed, ...bestServed].map((i) => others[i]!)];
  return { users, hidden: all.length - users.length, gapAt: first.size + worstServed.length };
}

/** Up to a quarter each for those with the most tasks, where some have more than others, and for the failing. */
function firstLanes(
  groups: readonly ReadonlyMap<string, UserSpan>[],
  all: readonly string[],
  most: number,
  failing: readonly string[],
): ReadonlySet<string> {
  const quarter = Math.floor(most / 4);
  const tasks = new Map(
    all.map((user) => [user, Math.max(0, ...groups.map((spans) => spans.get(user)?.tasks ?? 0))]),
  );
  const bySize = [...all].sort((a, b) => tasks.get(b)! - tasks.get(a)!);
  const ordinary = tasks.get(bySize[Math.floor(bySize.length / 2)]!)!;
  const first = new Set(bySize.slice(0, quarter).filter((user) => tasks.get(user)! > ordinary));
  const failed = [...new Set(failing)].filter((user) => tasks.has(user) && !first.has(user));
  for (const user of failed.slice(0, quarter)) first.add(user);
  return first;
}

/** Infinity minus infinity is no order. */
function descending(a: number, b: number): number {
  return a === b ? 0 : a > b ? -1 : 1;
}

/** What a legend says of the users that have lanes, where others have none. */
export const CHOSEN_LANES =
  'the users with the most tasks, those with failed tasks, then those whose last task came latest, and earliest, for their number of tasks';
