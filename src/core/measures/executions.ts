import type { TaskEvent } from '../events/task-event.js';
import type { TaskTable } from '../events/task-table.js';
import type { TimeWindow } from '../values/window-of-time.js';
import type { GivenUpAttempts } from './given-up-attempts.js';
import type { Executions } from './running-at-once.js';

/** Executions of tasks that had been completed before: they count for nothing, but they ran. */
export class RepeatedExecutions {
  readonly users: number[] = [];
  readonly started: number[] = [];
  readonly finished: number[] = [];
  readonly #seen = new Set<string>();

  /** Once, though its event may be written twice. */
  add(row: number, user: number, { attempt, started, finished }: TaskEvent): void {
    const key = `${row} ${attempt} ${started}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.users.push(user);
    this.started.push(started);
    this.finished.push(finished);
  }
}

interface Executed {
  readonly tasks: TaskTable;
  readonly repeated: RepeatedExecutions;
  readonly givenUp: GivenUpAttempts;
  /** A user's number in the table. */
  readonly userIndex: ReadonlyMap<string, number>;
}

/**
 * Every attempt that ran in a part of a run, by the part of it that did: whatever came of it, and those of tasks that
 * ran twice. So do those that were given up: one of which no end is known runs on.
 *
 * @param rankOf the index that a user's number in the table has here
 */
export function executionsIn(
  { tasks, repeated, givenUp, userIndex }: Executed,
  rankOf: Uint32Array,
  window: TimeWindow,
): Executions {
  const size = tasks.size + repeated.users.length + givenUp.size;
  const users = new Uint32Array(size);
  const started = new Float64Array(size);
  const finished = new Float64Array(size);
  let to = 0;
  const add = (user: number, from: number, until: number) => {
    if (from >= window.to || (from < window.from && until <= window.from)) return;
    users[to] = rankOf[user]!;
    started[to] = Math.max(from, window.from);
    finished[to] = until;
    to++;
  };
  for (let row = 0; row < tasks.size; row++) {
    add(tasks.users[row]!, tasks.started[row]!, tasks.finished[row]!);
  }
  for (const [i, user] of repeated.users.entries()) add(user, repeated.started[i]!, repeated.finished[i]!);
  for (const { user, started, finished } of givenUp) {
    add(userIndex.get(user)!, started, finished ?? Number.POSITIVE_INFINITY);
  }
  return {
    users: users.subarray(0, to),
    started: started.subarray(0, to),
    finished: finished.subarray(0, to),
  };
}
