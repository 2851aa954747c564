import type { TaskState } from '../../core/events/task-state.js';
import { deferred } from '../../core/values/deferred.js';

export interface AwaitedTask {
  readonly id: string;
  readonly user: string;
  readonly run: string;
  /** The task's name. */
  readonly type: string;
}

/** Waits for what becomes of tasks that are about to be sent. */
export interface TaskWait {
  expect(task: AwaitedTask): void;
  /** One of them is not sent: it has failed, and why. */
  fail(id: string, error: string): void;
  /** Those that have not come to an end. */
  readonly pending: readonly AwaitedTask[];
  /** Resolves when none is pending. */
  all(): Promise<void>;
  /** What is left to do about such a task when nobody waits any more; the end of a sentence. */
  afterwards(id: string): string;
  close(): Promise<void>;
}

/** A task has come to its end; once for each. */
export type OnState = (task: AwaitedTask, state: TaskState) => void;

/** Tasks whose end is waited for. */
export class AwaitedTasks<T extends AwaitedTask> {
  readonly #byId = new Map<string, T>();
  #none = deferred();
  readonly #failed = deferred<never>();

  constructor(private readonly onState: OnState) {
    this.#failed.promise.catch(() => {}); // `all` may never be called
  }

  add(task: T): void {
    this.#byId.set(task.id, task);
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  get pending(): readonly T[] {
    return [...this.#byId.values()];
  }

  ended(task: T, state: TaskState): void {
    this.#byId.delete(task.id);
    this.onState(task, state);
    if (this.#byId.size === 0) this.#none.resolve();
  }

  /** Does nothing where it is not waited for. */
  failed(id: string, error: string): void {
    const task = this.get(id);
    if (task !== undefined) this.ended(task, { id, state: 'failed', user: task.user, error });
  }

  /** `all` rejects with it. */
  fail(error: Error): void {
    this.#failed.reject(error);
  }

  async all(): Promise<void> {
    this.#none = deferred();
    if (this.#byId.size > 0) await Promise.race([this.#none.promise, this.#failed.promise]);
  }
}
