import type { Percentiles, RunReport } from '../../core/reports/run-report.js';
import { formatCount, formatDuration, formatRate } from '../parts/numbers.js';
import { formatLagTasks } from './report-text.js';

/** A figure of a run, as it is shown beside those of other runs. */
export interface RunFigure {
  readonly name: string;
  readonly of: (report: RunReport) => string;
  /** The same without rounding, for programs and tests. */
  readonly value: (report: RunReport) => number | null;
}

const count = (name: string, value: (report: RunReport) => number | null): RunFigure => ({
  name,
  of: (report) => {
    const counted = value(report);
    return counted === null ? 'unknown' : formatCount(counted);
  },
  value,
});

const dwell = (which: keyof Percentiles): RunFigure => ({
  name: `dwell, ${which}`,
  of: ({ dwellMs }) => (dwellMs === null ? '-' : formatDuration(dwellMs[which])),
  value: ({ dwellMs }) => dwellMs?.[which] ?? null,
});

export const COMPLETED = count('tasks completed', ({ completed }) => completed);
export const USERS = count('users', ({ userCount }) => userCount);
export const TIME: RunFigure = {
  name: 'time',
  of: ({ seconds }) => formatDuration(seconds * 1_000),
  value: ({ seconds }) => seconds,
};
export const RATE: RunFigure = {
  name: 'tasks a second',
  of: ({ tasksPerSecond }) => formatRate(tasksPerSecond),
  value: ({ tasksPerSecond }) => tasksPerSecond,
};
export const JAIN: RunFigure = {
  name: "Jain's index at half time",
  of: ({ fairness }) => fairness.jainAtHalf.toFixed(3),
  value: ({ fairness }) => fairness.jainAtHalf,
};
export const LAG: RunFigure = {
  name: 'largest lag, tasks',
  of: ({ fairness }) => formatLagTasks(fairness),
  value: ({ fairness }) => fairness.maxLagTasks,
};
export const LAG_AS_WORK: RunFigure = {
  name: 'largest lag, as work',
  of: ({ fairness }) => formatDuration(fairness.maxLagMs),
  value: ({ fairness }) => fairness.maxLagMs,
};
export const DWELL_P95 = dwell('p95');
export const DWELL_MAX = dwell('max');
export const WAITING = count('waiting', ({ waiting }) => waiting);
export const RUNNING = count('running', ({ running }) => running);
export const RETRYING = count('to be tried again', ({ retrying }) => retrying);
export const MISSING = count('missing', ({ missing }) => missing);
export const FAILED = count('failed', ({ failed }) => failed);
export const COMPLETED_AGAIN = count('completed again', ({ duplicates }) => duplicates);
