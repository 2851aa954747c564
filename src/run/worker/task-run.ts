import type { TaskContext } from './handlers.js';
import type { HeldTask } from './task.js';

/** A task in a slot. */
export class TaskRun {
  /** It has been counted; what its handler still does changes nothing. */
  ended = false;
  #abort: AbortController | undefined;
  #givenUp: Error | undefined;

  constructor(
    readonly task: HeldTask,
    /** Microseconds since the epoch. */
    readonly startedAt: number,
    /** What its user has been charged for it so far. */
    public charged: number,
  ) {}

  /** What the handler is told. */
  context(type: string): TaskContext {
    const { task } = this;
    const signalOf = () => this.#signal();
    return {
      user: task.envelope.user ?? task.lane.user,
      id: task.id,
      type,
      run: task.envelope.run ?? '',
      attempt: task.envelope.attempt ?? 1,
      get signal() {
        return signalOf();
      },
    };
  }

  /** Nobody waits for it any more: its handler is told by the abort signal, now or when it asks. */
  giveUp(reason: Error): void {
    this.ended = true;
    this.#givenUp = reason;
    this.#abort?.abort(reason);
  }

  /** Most handlers never look at the signal, and making one costs as much as a small task: made on demand. */
  #signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#givenUp !== undefined) this.#abort.abort(this.#givenUp);
    }
    return this.#abort.signal;
  }
}
