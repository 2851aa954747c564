import type { TaskEvent } from './task-event.js';

type NumberArray = Uint8Array | Uint32Array | Float64Array;

/** How a row of the table stands: superseded and retrying rows stay where they are and count for nothing. */
export const DONE = 0;
export const FAILED = 1;
export const SUPERSEDED = 2;
/** Failed, and to be tried again: neither completed nor failed so far. */
export const RETRYING = 3;

/**
 * The finished tasks of a run in the order of their completion, as columns that grow: 57 bytes a task
 * where an object would take some 160. Read the columns only up to `size`, and anew after a push.
 */
export class TaskTable {
  users = new Uint32Array(1024);
  attempts = new Uint32Array(1024);
  /** Attempts of which an event has come, a bit each; from the 32nd on they share one. */
  seen = new Uint32Array(1024);
  states = new Uint8Array(1024);
  runs = new Uint32Array(1024);
  sequences = new Float64Array(1024);
  /** Microseconds since the Unix epoch. */
  enqueued = new Float64Array(1024);
  started = new Float64Array(1024);
  finished = new Float64Array(1024);
  /** Microseconds. */
  sentLate = new Float64Array(1024);
  size = 0;

  /** Returns the row. */
  push(
    user: number,
    attempt: number,
    state: number,
    run: number,
    {
      sequence,
      enqueued,
      started,
      finished,
      sentLate,
    }: Pick<TaskEvent, 'sequence' | 'enqueued' | 'started' | 'finished' | 'sentLate'>,
  ): number {
    const row = this.size;
    if (row === this.users.length) this.#grow(2 * row);
    this.users[row] = user;
    this.attempts[row] = attempt;
    this.seen[row] = seenBit(attempt);
    this.states[row] = state;
    this.runs[row] = run;
    this.sequences[row] = sequence;
    this.enqueued[row] = enqueued;
    this.started[row] = started;
    this.finished[row] = finished;
    this.sentLate[row] = sentLate;
    this.size++;
    return row;
  }

  #grow(length: number): void {
    this.users = copied(this.users, new Uint32Array(length));
    this.attempts = copied(this.attempts, new Uint32Array(length));
    this.seen = copied(this.seen, new Uint32Array(length));
    this.states = copied(this.states, new Uint8Array(length));
    this.runs = copied(this.runs, new Uint32Array(length));
    this.sequences = copied(this.sequences, new Float64Array(length));
    this.enqueued = copied(this.enqueued, new Float64Array(length));
    this.started = copied(this.started, new Float64Array(length));
    this.finished = copied(this.finished, new Float64Array(length));
    this.sentLate = copied(this.sentLate, new Float64Array(length));
  }
}

/** The bit of an attempt in `seen`. */
export function seenBit(attempt: number): number {
  return 1 << (Math.min(attempt, 32) - 1);
}

function copied<T extends NumberArray>(from: T, to: T): T {
  to.set(from);
  return to;
}
