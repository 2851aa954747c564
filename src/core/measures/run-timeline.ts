import { round3 } from '../values/round.js';

/** A run in intervals of the same length, for those who draw it. Users are those that are drawn. */
export interface RunTimeline {
  /** When its first interval begins, microseconds since the epoch: with the first start that it shows. */
  readonly begin: number;
  /** Seconds after the first start at which each interval ends. */
  readonly ends: readonly number[];
  readonly users: readonly UserTimeline[];
  /** Of all users together. */
  readonly all: Omit<UserTimeline, 'user' | 'due' | 'atHalf'>;
  /** The largest lag of anybody in each interval, tasks, and whose it was. */
  readonly lag: readonly number[];
  readonly lagUser: readonly (string | null)[];
  readonly spread: readonly Spread[];
  /** So many waited at the worst moment, which no interval has to end at. */
  readonly mostWaiting: number;
}

/**
 * How far users were ahead of their fair share (above 0) or behind it at the end of an interval, in tasks: of all
 * users who were due anything by then, the last, the first in twenty, the one in the middle, and so on.
 */
export interface Spread {
  readonly least: number;
  readonly p5: number;
  readonly p50: number;
  readonly p95: number;
  readonly most: number;
}

/** @param ahead sorted, from the least */
export function spreadOf(ahead: Float64Array): Spread {
  const at = (share: number) => round3(ahead[Math.floor(share * (ahead.length - 1))] ?? 0);
  return { least: at(0), p5: at(0.05), p50: at(0.5), p95: at(0.95), most: at(1) };
}

/** A value for each interval; tasks. */
export interface UserTimeline {
  readonly user: string;
  /** Started. */
  readonly served: readonly number[];
  /** What its fair share of what was started came to. */
  readonly due: readonly number[];
  /** Waiting at its end. */
  readonly backlog: readonly number[];
  /** What it had had when half of all tasks had been started, and what its fair share was by then. */
  readonly atHalf: { readonly served: number; readonly due: number };
}

/** Tasks as columns; microseconds. */
export interface TimedTasks {
  readonly users: Uint32Array;
  readonly enqueued: Float64Array;
  readonly started: Float64Array;
}

export interface Intervals {
  readonly from: number;
  readonly length: number;
  readonly count: number;
}

/** @param from first start and @param to last start; microseconds */
export function intervalsOf(from: number, to: number, most: number): Intervals {
  const length = Math.max(1, (to - from) / most);
  return { from, length, count: to <= from ? 1 : most };
}

/** The interval of a moment; -1 before the first. */
export function intervalAt({ from, length, count }: Intervals, at: number): number {
  return at < from ? -1 : Math.min(count - 1, Math.floor((at - from) / length));
}

/** Tasks that were started, and that waited at the end, in each interval, of each of the users that are drawn and of all. */
export function countTasks(tasks: TimedTasks, drawn: Int32Array, drawnCount: number, intervals: Intervals) {
  const rows = drawnCount + 1;
  const served = Array.from({ length: rows }, () => new Float64Array(intervals.count));
  const change = Array.from({ length: rows }, () => new Float64Array(intervals.count + 1));
  const count = (row: number, arrived: number, started: number): void => {
    served[row]![started]!++;
    change[row]![arrived + 1]!++;
    change[row]![started + 1]!--;
  };
  for (let i = 0; i < tasks.users.length; i++) {
    const arrived = intervalAt(intervals, Math.min(tasks.enqueued[i]!, tasks.started[i]!));
    const started = intervalAt(intervals, tasks.started[i]!);
    const row = drawn[tasks.users[i]!]!;
    count(drawnCount, arrived, started);
    if (row >= 0) count(row, arrived, started);
  }
  const backlog = change.map((steps) => {
    let waiting = steps[0]!;
    return Float64Array.from(steps.subarray(1), (step) => {
      waiting += step;
      return waiting;
    });
  });
  return { served, backlog };
}

/**
 * The most tasks that were there and not started at any moment.
 *
 * @param starts in the order of time
 */
export function mostWaiting({ enqueued, started }: TimedTasks, starts: Float64Array): number {
  const arrivals = Float64Array.from(enqueued, (at, i) => Math.min(at, started[i]!)).sort();
  let most = 0;
  let begun = 0;
  for (let arrived = 1; arrived <= arrivals.length; arrived++) {
    const now = arrivals[arrived - 1]!;
    if (arrivals[arrived] === now) continue; // those of one moment count together
    while (begun < starts.length && starts[begun]! <= now) begun++;
    most = Math.max(most, arrived - begun);
  }
  return most;
}
