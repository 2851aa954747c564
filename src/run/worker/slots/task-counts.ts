import type { Outcome } from '../../../core/events/task-event.js';

/** What has become of the tasks that a worker has started. Moments are microseconds since the epoch. */
export class TaskCounts {
  #completed = 0;
  #failed = 0;
  #retried = 0;
  #timedOut = 0;
  #spent = 0;
  #firstStartAt: number | undefined;
  #lastFinishAt: number | undefined;
  #lastChangeAt = 0;
  readonly #users = new Set<string>();

  get completed(): number {
    return this.#completed;
  }

  /** Failed for good. */
  get failed(): number {
    return this.#failed;
  }

  /** Attempts that failed, and that another one follows. */
  get retried(): number {
    return this.#retried;
  }

  /** Of `failed` and `retried` those that ran for longer than they may. */
  get timedOut(): number {
    return this.#timedOut;
  }

  /** How long tasks that have ended were in slots, together; microseconds. */
  get spent(): number {
    return this.#spent;
  }

  get firstStartAt(): number | undefined {
    return this.#firstStartAt;
  }

  get lastFinishAt(): number | undefined {
    return this.#lastFinishAt;
  }

  /** When a task last started or ended; 0 before the first. */
  get lastChangeAt(): number {
    return this.#lastChangeAt;
  }

  /** How many users the tasks that have ended are of. */
  get users(): number {
    return this.#users.size;
  }

  started(at: number): void {
    this.#lastChangeAt = at;
    this.#firstStartAt ??= at;
  }

  ended(user: string, outcome: Outcome, startedAt: number, finishedAt: number): void {
    this.#spent += finishedAt - startedAt;
    this.#lastChangeAt = finishedAt;
    this.#lastFinishAt = finishedAt;
    if (outcome === 'done') this.#completed++;
    else if (outcome === 'failed') this.#failed++;
    else this.#retried++;
    this.#users.add(user);
  }

  /** A task has run for longer than it may. */
  ranTooLong(): void {
    this.#timedOut++;
  }

  /** A task that has ended well has failed after all. */
  failedAfterAll(): void {
    this.#completed--;
    this.#failed++;
  }

  /** A task has failed for good without another attempt here. */
  failedElsewhere(): void {
    this.#failed++;
  }
}
