import type { LightTasks } from './light-tasks.js';

/** What waits at workers of a user that shares queues. */
export interface KnownOfLight {
  readonly tasks: number;
  /** When the first of them was sent; microseconds since the epoch. Undefined where there is none. */
  readonly oldest: number | undefined;
}

/** What waits at all workers of users that share queues. */
export interface LightTotals {
  /** One whose tasks are at two workers counts twice. */
  readonly users: number;
  readonly tasks: number;
}

const NONE: KnownOfLight = { tasks: 0, oldest: undefined };

/** What workers answer of the users that share queues. */
export class TopLight {
  /** By the worker's id. */
  readonly #answers = new Map<string, LightTasks>();
  #known: Map<string, KnownOfLight> | undefined;

  /** @param rowOf what a user counts under: itself, or its group */
  constructor(private readonly rowOf: (user: string) => string = (user) => user) {}

  answered(worker: string, answer: LightTasks): void {
    this.#answers.set(worker, answer);
    this.#known = undefined;
  }

  /** Nobody waits for the answer of a worker that has gone. */
  keepOnly(workers: ReadonlySet<string>): void {
    for (const worker of this.#answers.keys()) {
      if (!workers.has(worker)) this.#answers.delete(worker);
    }
    this.#known = undefined;
  }

  /** Shared queues that one worker serves, at the most. */
  get queues(): number {
    return Math.max(0, ...[...this.#answers.values()].map(({ queues }) => queues));
  }

  /** Rows of whom workers have told. */
  get rows(): Iterable<string> {
    return this.#byRow().keys();
  }

  /**
   * What is known to wait of a row, which may be less than waits. Undefined where it is not known: no worker has told of it, and one of
   * these workers has not told of all.
   */
  of(row: string, workers: Iterable<string>): KnownOfLight | undefined {
    return this.#byRow().get(row) ?? (this.#isWhole(workers) ? NONE : undefined);
  }

  /** Undefined where one of these workers has not answered. */
  totals(workers: Iterable<string>): LightTotals | undefined {
    let [users, tasks] = [0, 0];
    for (const worker of workers) {
      const answer = this.#answers.get(worker);
      if (answer === undefined) return undefined;
      users += answer.users;
      tasks += answer.tasks;
    }
    return { users, tasks };
  }

  #isWhole(workers: Iterable<string>): boolean {
    for (const worker of workers) {
      const answer = this.#answers.get(worker);
      if (answer === undefined || answer.most.length < answer.users) return false;
    }
    return true;
  }

  #byRow(): ReadonlyMap<string, KnownOfLight> {
    if (this.#known !== undefined) return this.#known;
    const known = new Map<string, KnownOfLight>();
    for (const { most } of this.#answers.values()) {
      for (const { user, tasks, oldest } of most) {
        const row = this.rowOf(user);
        const { tasks: before, oldest: first = oldest } = known.get(row) ?? NONE;
        known.set(row, { tasks: before + tasks, oldest: Math.min(first, oldest) });
      }
    }
    this.#known = known;
    return known;
  }
}
