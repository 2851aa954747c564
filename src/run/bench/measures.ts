import { orderByTime } from '../../core/order-by-time.js';
import { percentiles } from '../../core/percentiles.js';
import type { Percentiles } from '../../core/report.js';
import type { TaskEvent } from '../../core/task-event.js';
import type { CaseResult } from './claims.js';
import type { TrialResult } from './trial.js';

/** Position of the user's last completion among all; infinite where it has none. */
export function lastPosition({ report }: TrialResult, user: string): number {
  return report.users.find((one) => one.user === user)?.lastCompletionPosition ?? Number.POSITIVE_INFINITY;
}

/** From enqueued to started, milliseconds, over the tasks of some users. */
export function dwell({ events }: TrialResult, ...users: readonly string[]): Percentiles {
  const own = events.filter(({ user }) => users.includes(user));
  const found = percentiles(Float64Array.from(own, dwellMs));
  const none = Number.POSITIVE_INFINITY;
  return found ?? { p50: none, p95: none, p99: none, max: none };
}

/** Of the user's first task. */
export function firstDwell({ events }: TrialResult, user: string): number {
  const first = events.find((event) => event.user === user && event.sequence === 1);
  return first === undefined ? Number.POSITIVE_INFINITY : dwellMs(first);
}

function dwellMs({ enqueued, started }: TaskEvent): number {
  return Math.max(0, started - enqueued) / 1000;
}

/** Of all tasks that had been completed at half time, so many in a hundred were this user's. */
export function percentAtHalfTime({ order }: TrialResult, user: string): number {
  const half = order.order.subarray(0, order.order.length >> 1);
  const index = order.users.indexOf(user);
  return (100 * half.reduce((sum, one) => sum + (one === index ? 1 : 0), 0)) / half.length;
}

/** Speed as a share of that of another case; null where that was not played, or it is the same. */
export function speedAgainst(
  trial: TrialResult,
  all: readonly CaseResult[],
  isOther: (other: CaseResult) => boolean,
): number | null {
  const other = all.find(isOther);
  if (other === undefined || other.report.tasksPerSecond === 0) return null;
  return trial.report.tasksPerSecond / other.report.tasksPerSecond;
}

/** The part of a run, microseconds, in which each of these users has a task running or waiting to start. */
export function whileAllBacklogged(
  { events }: TrialResult,
  users: readonly string[],
): { from: number; to: number } {
  const starts = users.map((user) =>
    events.filter((event) => event.user === user).map(({ started }) => started),
  );
  return {
    from: Math.max(...starts.map((times) => Math.min(...times))),
    to: Math.min(...starts.map((times) => Math.max(...times))),
  };
}

/** Whose each start was, in order of start. */
export function startOrder({ events }: TrialResult): string[] {
  return [...orderByTime(Float64Array.from(events, ({ started }) => started))].map((i) => events[i]!.user);
}
