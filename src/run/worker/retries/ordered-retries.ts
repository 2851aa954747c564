import type { DeliveredTask } from '../task/delivered-task.js';

/**
 * Failed tasks that wait in the worker for their next attempt, with `--ordered`. They stay unacknowledged, and
 * a user's prefetch is one task, so the queue of that user waits with its task.
 */
export class OrderedRetries {
  readonly #timers = new Map<DeliveredTask, NodeJS.Timeout>();

  /** @param onDue is given the number of the next attempt; what has lost its delivery meanwhile is told too */
  constructor(private readonly onDue: (task: DeliveredTask, attempt: number) => void) {}

  get size(): number {
    return this.#timers.size;
  }

  tasks(): Iterable<DeliveredTask> {
    return this.#timers.keys();
  }

  /**
   * @param ms until the next attempt
   * @param attempt the number of the next one
   */
  wait(task: DeliveredTask, ms: number, attempt: number): void {
    const due = () => {
      this.#timers.delete(task);
      this.onDue(task, attempt);
    };
    this.#timers.set(task, setTimeout(due, ms));
  }

  /** From here on no task is due. */
  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
