import type { Pacing } from '../load/pacing.js';
import type { Workload } from '../load/workload.js';
import type { DurationRange } from '../values/quantities.js';
import type { Random } from '../values/random.js';
import { lastOf } from '../values/steps.js';

/** The tasks of a simulation as columns, in the order in which they arrive. */
export interface SimulatedLoad {
  /** Of the users, each once. */
  readonly names: readonly string[];
  /** Whose each task is: an index into `names`. */
  readonly users: Uint32Array;
  /** When each arrives, milliseconds from the beginning; ascending. */
  readonly dueMs: Float64Array;
  /** How long each runs, milliseconds. */
  readonly durationMs: Float64Array;
}

/** A task of a load that is put together by hand. */
export interface ListedTask {
  readonly user: string;
  readonly dueMs: number;
  readonly durationMs: number;
}

/** Tasks that are made between two looks of whoever waits for them. */
const LOOK_EVERY = 65_536;

/** A load as `fairq publish` makes it of the same flags and the same seed. */
export function loadOf(...made: Parameters<typeof loadInSteps>): SimulatedLoad {
  return lastOf(loadInSteps(...made));
}

/** The same in steps, for whoever does something else in between. */
export function* loadInSteps(
  { users: names, total, indices }: Workload,
  pacing: Pacing,
  duration: DurationRange,
  random: Random,
): Generator<void, SimulatedLoad> {
  const users = new Uint32Array(total);
  const dueMs = new Float64Array(total);
  const durationMs = new Float64Array(total);
  const next = durationsFrom(duration, random);
  let task = 0;
  for (const user of indices()) {
    users[task] = user;
    dueMs[task] = pacing.dueAt(task);
    durationMs[task] = next();
    if (++task % LOOK_EVERY === 0) yield;
  }
  return { names, users, dueMs, durationMs };
}

/** The tasks in the order in which they are due; those due at once stay in theirs. */
export function loadOfTasks(tasks: readonly ListedTask[]): SimulatedLoad {
  const sorted = tasks.toSorted((a, b) => a.dueMs - b.dueMs);
  const indexOf = new Map<string, number>();
  const users = Uint32Array.from(sorted, ({ user }) => {
    const index = indexOf.get(user) ?? indexOf.size;
    indexOf.set(user, index);
    return index;
  });
  return {
    names: [...indexOf.keys()],
    users,
    dueMs: Float64Array.from(sorted, ({ dueMs }) => dueMs),
    durationMs: Float64Array.from(sorted, ({ durationMs }) => durationMs),
  };
}

/** Each call draws another, as fine as a payload says it. */
export function durationsFrom({ least, most }: DurationRange, random: Random): () => number {
  if (least === most) return () => least;
  return () => Math.round((least + random() * (most - least)) * 1000) / 1000;
}
