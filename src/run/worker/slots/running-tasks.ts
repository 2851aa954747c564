import type { DeliveredTask } from '../task/delivered-task.js';
import type { TaskRun } from './task-run.js';

/** Tasks whose handler has not returned, in the order of their starts. */
export class RunningTasks implements Iterable<TaskRun> {
  readonly #runs = new Set<TaskRun>();

  get size(): number {
    return this.#runs.size;
  }

  [Symbol.iterator](): Iterator<TaskRun> {
    return this.#runs.values();
  }

  add(run: TaskRun): void {
    this.#runs.add(run);
  }

  delete(run: TaskRun): void {
    this.#runs.delete(run);
  }

  *delivered(): Iterable<DeliveredTask> {
    for (const { task } of this.#runs) yield task;
  }

  /** The task that runs now under this id. */
  find(id: string): TaskRun | undefined {
    for (const run of this.#runs) if (run.task.id === id) return run;
    return undefined;
  }

  /** How long they have been in slots up to now, together; microseconds. @param now microseconds since the epoch */
  spentBy(now: number): number {
    let spent = 0;
    for (const { startedAt } of this.#runs) spent += now - startedAt;
    return spent;
  }
}
