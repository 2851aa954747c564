import type { DeliveredTask } from '../task/delivered-task.js';

/**
 * Failed tasks that wait here for their next attempt, with `--ordered`: unacknowledged, and with a window
 * of one task, so that their users' queues wait with them.
 */
export class HeldBack {
  readonly #timers = new Map<DeliveredTask, NodeJS.Timeout>();

  constructor(private readonly onDue: (task: DeliveredTask, attempt: number) => void) {}

  get size(): number {
    return this.#timers.size;
  }

  tasks(): Iterable<DeliveredTask> {
    return this.#timers.keys();
  }

  /** @param attempt the number of the next one */
  wait(task: DeliveredTask, ms: number, attempt: number): void {
    const due = () => {
      this.#timers.delete(task);
      this.onDue(task, attempt);
    };
    this.#timers.set(task, setTimeout(due, ms));
  }

  /** Nothing is due any more. */
  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
