import type { PlainRates } from '../../../broker/plain/plain-client.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import { percentiles } from '../../../core/measures/percentiles.js';
import type { Promoted } from '../../../core/reports/million-report.js';
import type { WorkerReport } from '../../../core/reports/worker-report.js';
import type { TrialResult } from '../trial.js';

type Played = Pick<TrialResult, 'events' | 'workerReports'>;

/**
 * How long the tasks of some users waited, the 95th of a hundred, milliseconds. All was sent before, so it counts from
 * the moment that the workers begin: what they do before their first start is part of it, how long it took to send is not.
 */
export function p95SinceBegin({ events, workerReports }: Played, counts: (user: string) => boolean): number {
  const begunAt = firstStart(events) - 1e6 * longestStartUp(workerReports);
  const waits = events.filter(({ user }) => counts(user)).map(({ started }) => (started - begunAt) / 1_000);
  return percentiles(Float64Array.from(waits))?.p95 ?? Number.POSITIVE_INFINITY;
}

function firstStart(events: readonly TaskEvent[]): number {
  return events.reduce((first, { started }) => Math.min(first, started), Number.POSITIVE_INFINITY);
}

function longestStartUp(workers: readonly WorkerReport[]): number {
  return Math.max(0, ...workers.map(({ startUpSeconds }) => startUpSeconds ?? 0));
}

/** What two times of as many messages come to together: as many in the mean of the times. */
export function meanRates(one: PlainRates, other: PlainRates): PlainRates {
  const mean = (a: number, b: number) => 2 / (1 / a + 1 / b);
  return {
    publishPerSecond: mean(one.publishPerSecond, other.publishPerSecond),
    consumePerSecond: mean(one.consumePerSecond, other.consumePerSecond),
  };
}

/** Tasks a second, from the moment that the only worker begins. */
export function workRate(completed: number, workers: readonly WorkerReport[]): number {
  const seconds = workers.map(({ startUpSeconds, seconds }) => (startUpSeconds ?? 0) + seconds);
  return completed / Math.max(...seconds);
}

export function promotedBy(workers: readonly WorkerReport[]): Promoted {
  return {
    users: workers.reduce((sum, { promotions }) => sum + promotions.users, 0),
    movedTasks: workers.reduce((sum, { promotions }) => sum + promotions.movedTasks, 0),
  };
}

/** What was lost or done twice in all that was played; null where one of the reports cannot tell. */
export function lostInAll(
  reports: readonly { readonly missing: number | null; readonly duplicates: number }[],
): { readonly missing: number | null; readonly duplicates: number } {
  return {
    missing: reports.reduce<number | null>(
      (sum, { missing }) => (sum === null || missing === null ? null : sum + missing),
      0,
    ),
    duplicates: reports.reduce((sum, { duplicates }) => sum + duplicates, 0),
  };
}
