import type { TaskEvent } from '../../core/events/task-event.js';
import { percentiles } from '../../core/measures/percentiles.js';
import type { Percentiles } from '../../core/reports/run-report.js';
import { orderByTime } from '../../core/values/order-by-time.js';
import type { Claim } from './claims.js';
import type { TrialResult } from './trial.js';

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

/** How long these tasks ran, milliseconds. */
export function meanRunMs(events: readonly TaskEvent[]): number {
  return events.reduce((sum, { started, finished }) => sum + finished - started, 0) / events.length / 1000;
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
  round: readonly TrialResult[],
  isOther: (other: TrialResult) => boolean,
): number | null {
  const other = round.find(isOther);
  if (other === undefined || other.report.tasksPerSecond === 0) return null;
  return trial.report.tasksPerSecond / other.report.tasksPerSecond;
}

/** A claim that a case is fast: `atLeast` of fifo's speed. */
export function speedAgainstFifo(atLeast: number): Claim {
  return {
    name: "speed against fifo's",
    unit: 'share',
    of: (trial, round) => speedAgainst(trial, round, ({ strategy }) => strategy === 'fifo'),
    atLeast,
    isSpeed: true,
    unjudged: unsteadyFifo,
  };
}

/** Where the reference itself differs so much from round to round, a ratio says more of the machine. */
const MOST_SPREAD = 1.5;

function unsteadyFifo(rounds: readonly (readonly TrialResult[])[]): string | undefined {
  const fifo = rounds.flat().filter(({ strategy }) => strategy === 'fifo');
  const speeds = fifo.map(({ report }) => report.tasksPerSecond);
  const [slowest, fastest] = [Math.min(...speeds), Math.max(...speeds)];
  if (speeds.length === 0 || fastest <= MOST_SPREAD * slowest) return undefined;
  const shown = (speed: number) => `${Math.round(speed).toLocaleString('en-US')}/s`;
  return `fifo itself ran at ${shown(slowest)} in one round and ${shown(fastest)} in another, so the machine was busy with something else`;
}

/** The part of a run, microseconds, in which each of these users has a task running or waiting to start. */
export function whileAllBacklogged(
  { events }: TrialResult,
  users: readonly string[],
): { from: number; to: number } {
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  for (const { user, started } of events) {
    first.set(user, Math.min(started, first.get(user) ?? Number.POSITIVE_INFINITY));
    last.set(user, Math.max(started, last.get(user) ?? Number.NEGATIVE_INFINITY));
  }
  return {
    from: Math.max(...users.map((user) => first.get(user) ?? Number.POSITIVE_INFINITY)),
    to: Math.min(...users.map((user) => last.get(user) ?? Number.NEGATIVE_INFINITY)),
  };
}

/** Whose each start was, in order of start. */
export function startOrder({ events }: TrialResult): string[] {
  return [...orderByTime(Float64Array.from(events, ({ started }) => started))].map((i) => events[i]!.user);
}
