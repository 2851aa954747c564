import type { PublishedTasks } from '../events/published-tasks.js';
import { NOWHERE, type Whereabouts } from '../events/whereabouts.js';
import type { Percentiles, UserReport } from '../reports/run-report.js';
import { round3 } from '../values/round.js';
import { percentiles } from './percentiles.js';

/** Completed tasks as columns, in the order of their completion. Times are microseconds. */
export interface Completions {
  /** Every user of the run, with or without a completed task. */
  readonly names: readonly string[];
  /** Whose each task was, an index into `names`. */
  readonly users: Uint32Array;
  readonly enqueued: Float64Array;
  readonly started: Float64Array;
  readonly sentLate: Float64Array;
  /** How many of each user's tasks failed for good, and how many failed attempts there was another after, by index. */
  readonly failed: Uint32Array;
  readonly retries: Uint32Array;
  /** Of how many a failed attempt was the last that was heard, though another is to come. */
  readonly retrying: Uint32Array;
}

/** What is counted of a user by itself, without the others. */
export type CountedUser = Omit<UserReport, 'maxLagTasks' | 'mostRunning'>;

/**
 * @param startOrder the indices of the tasks in the order in which they started
 * @param published null where it says nothing of these
 * @param found where those are that have not completed; undefined where nobody has looked
 */
export function userReports(
  completions: Completions,
  startOrder: Uint32Array,
  published: PublishedTasks | null,
  found: ReadonlyMap<string, Whereabouts> | undefined,
): CountedUser[] {
  const { names, users } = completions;
  const tasks = tasksByUser(completions);
  const outstanding = outstandingByUser(completions, published);
  const firstStart = firstPositions(names.length, startOrder.length, (i) => users[startOrder[i]!]!);
  const firstCompletion = firstPositions(names.length, users.length, (i) => users[i]!);
  const lastCompletion = new Uint32Array(names.length);
  for (let i = 0; i < users.length; i++) lastCompletion[users[i]!] = i + 1;
  const dwells = dwellsByUser(completions, tasks);

  return names.map((user, i) => ({
    user,
    tasks: tasks[i]!,
    failed: completions.failed[i]!,
    retries: completions.retries[i]!,
    outstanding: outstanding[i]!,
    ...whereaboutsIn(found, user, outstanding[i]!),
    firstStartPosition: firstStart[i] || null,
    firstCompletionPosition: firstCompletion[i] || null,
    lastCompletionPosition: lastCompletion[i] || null,
    dwellMs: roundedPercentiles(percentiles(dwells[i]!)),
  }));
}

/** Where nobody has looked, all that has not completed counts as missing. */
function whereaboutsIn(
  found: ReadonlyMap<string, Whereabouts> | undefined,
  user: string,
  outstanding: number | null,
): { [Field in keyof Whereabouts]: number | null } {
  if (found === undefined || outstanding === null)
    return { waiting: null, running: null, retrying: null, unknown: null, missing: outstanding };
  return found.get(user) ?? NOWHERE;
}

function tasksByUser({ names, users }: Completions): Uint32Array {
  const tasks = new Uint32Array(names.length);
  for (const user of users) tasks[user]!++;
  return tasks;
}

/** Published and not completed, of each user; null where nobody has said what was published. */
export function outstandingByUser(
  completions: Completions,
  published: PublishedTasks | null,
): (number | null)[] {
  const tasks = tasksByUser(completions);
  const isKnown = published !== null && published.total !== null;
  return completions.names.map((user, i) =>
    isKnown ? Math.max(0, published.tasksOf(user) - tasks[i]!) : null,
  );
}

/** For each user the position, from 1, of the first of `length` things that is this user's; 0 for none. */
function firstPositions(userCount: number, length: number, userAt: (i: number) => number): Uint32Array {
  const first = new Uint32Array(userCount);
  for (let i = 0; i < length; i++) {
    const user = userAt(i);
    if (first[user] === 0) first[user] = i + 1;
  }
  return first;
}

/** Milliseconds from enqueued to started, of each task in the order of completion. */
export function allDwells({ enqueued, started }: Completions): Float64Array {
  return started.map((at, i) => Math.max(0, at - enqueued[i]!) / 1000);
}

/** Milliseconds from enqueued to started; 0 where the clocks of two machines say less. */
function dwellsByUser(completions: Completions, tasks: Uint32Array): Float64Array[] {
  const { users, enqueued, started } = completions;
  const dwells = Array.from(tasks, (count) => new Float64Array(count));
  const filled = new Uint32Array(tasks.length);
  for (let i = 0; i < users.length; i++) {
    const user = users[i]!;
    dwells[user]![filled[user]!++] = Math.max(0, started[i]! - enqueued[i]!) / 1000;
  }
  return dwells;
}

export function roundedPercentiles(values: Percentiles | null): Percentiles | null {
  if (values === null) return null;
  return {
    p50: round3(values.p50),
    p95: round3(values.p95),
    p99: round3(values.p99),
    max: round3(values.max),
  };
}
