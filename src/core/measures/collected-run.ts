import type { GivenUpAttempt } from '../events/given-up.js';
import { PublishedTasks } from '../events/published-tasks.js';
import type { RunRecord, TaskEvent } from '../events/task-event.js';
import { DONE, FAILED, RETRYING, SUPERSEDED, seenBit, TaskTable } from '../events/task-table.js';
import { RepeatedExecutions } from './executions.js';
import { GivenUpAttempts } from './given-up-attempts.js';

const STATES = { done: DONE, failed: FAILED, retrying: RETRYING } as const;

/**
 * What the event stream says of one run, taken in in stream order. A task counts once, at its last attempt: one that
 * failed is superseded by a later attempt, and any other execution of it is a duplicate. Takes some 140
 * bytes a task, most of them for its id; a Map ends at 16.7 million.
 */
export class CollectedRun {
  readonly tasks = new TaskTable();
  readonly published = new PublishedTasks();
  readonly workers = new Set<string>();
  /** A user's number in the table of tasks, and a run's. */
  readonly userIndex = new Map<string, number>();
  readonly runIndex = new Map<string, number>();
  duplicates = 0;
  readonly repeated = new RepeatedExecutions();
  readonly givenUp = new GivenUpAttempts();
  /** Rows of attempts that were superseded, and of those that failed with another attempt to come. */
  superseded = 0;
  retrying = 0;
  /** When a task, or the publisher, began first; microseconds since the epoch, as all times here. */
  earliest = Number.POSITIVE_INFINITY;
  firstStart = Number.POSITIVE_INFINITY;
  lastFinish = Number.NEGATIVE_INFINITY;
  readonly #rows = new Map<string, number>();

  add(event: TaskEvent): void {
    const { tasks } = this;
    const user = indexIn(this.userIndex, event.user);
    const run = indexIn(this.runIndex, event.run);
    let key = event.id;
    let row = this.#rows.get(key);
    if (row !== undefined && !this.#isOf(row, user, run, event.sequence)) {
      // Ids that people have given may be there twice, and are of two tasks then.
      key = JSON.stringify([event.id, user, run, event.sequence]);
      row = this.#rows.get(key);
    }
    if (row !== undefined) {
      const before = tasks.states[row]!;
      const attempt = tasks.attempts[row]!;
      // The event of an attempt that failed may reach the stream after that of the next attempt.
      if (event.outcome !== 'done' && event.attempt < attempt) {
        this.#addLate(event, row, user, run);
        return;
      }
      // A worker whose confirm was lost writes the same completion again: the task ran once.
      if (event.attempt === attempt && event.started === tasks.started[row]) return;
      if (before === DONE || event.attempt <= attempt) {
        this.duplicates++;
        this.repeated.add(row, user, event);
        return;
      }
      if (before === RETRYING) this.retrying--;
      tasks.states[row] = SUPERSEDED;
      this.superseded++;
    }
    const state = STATES[event.outcome];
    if (state === RETRYING) this.retrying++;
    const added = tasks.push(user, event.attempt, state, run, event);
    if (row !== undefined) tasks.seen[added]! |= tasks.seen[row]!;
    this.#rows.set(key, added);
    this.#noteTimes(event);
  }

  #noteTimes({ worker, enqueued, started, finished }: TaskEvent): void {
    this.workers.add(worker);
    this.firstStart = Math.min(this.firstStart, started);
    this.earliest = Math.min(this.earliest, enqueued);
    this.lastFinish = Math.max(this.lastFinish, finished);
  }

  /** An attempt that failed before the one that the row has; once, though its event may be written twice. */
  #addLate(event: TaskEvent, row: number, user: number, run: number): void {
    const { tasks } = this;
    const bit = seenBit(event.attempt);
    if ((tasks.seen[row]! & bit) !== 0) return;
    tasks.seen[row]! |= bit;
    tasks.push(user, event.attempt, SUPERSEDED, run, event);
    this.superseded++;
    this.#noteTimes(event);
  }

  /** It ran, and counts for nothing else. */
  addGivenUp(attempt: GivenUpAttempt): void {
    indexIn(this.userIndex, attempt.user);
    indexIn(this.runIndex, attempt.run);
    this.givenUp.add(attempt);
  }

  addRecord(record: RunRecord): void {
    this.earliest = Math.min(this.earliest, record.started);
    this.published.add(record);
    indexIn(this.runIndex, record.run);
  }

  /** Whether it is the same task, whose attempts and repeats have the same number among its user's tasks of the run. */
  #isOf(row: number, user: number, run: number, sequence: number): boolean {
    const { users, runs, sequences } = this.tasks;
    return users[row] === user && runs[row] === run && sequences[row] === sequence;
  }
}

/** The number of a name, which is given one where it has none. */
export function indexIn(indexes: Map<string, number>, name: string): number {
  let index = indexes.get(name);
  if (index === undefined) {
    index = indexes.size;
    indexes.set(name, index);
  }
  return index;
}
