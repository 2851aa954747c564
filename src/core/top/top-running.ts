/** How many tasks of each user run, by what workers answer. */
export class TopRunning {
  /** By the worker's id. */
  readonly #answers = new Map<
    string,
    { readonly users: ReadonlyMap<string, number>; readonly isWhole: boolean }
  >();

  /** @param rowOf what a user counts under: itself, or its group */
  constructor(private readonly rowOf: (user: string) => string = (user) => user) {}

  /** @param total so many run there; a worker tells of no more than it may */
  answered(worker: string, users: readonly string[], total: number): void {
    const counts = new Map<string, number>();
    for (const user of users) {
      const row = this.rowOf(user);
      counts.set(row, (counts.get(row) ?? 0) + 1);
    }
    this.#answers.set(worker, { users: counts, isWhole: users.length >= total });
  }

  /** Nobody waits for the answer of a worker that has gone. */
  keepOnly(workers: ReadonlySet<string>): void {
    for (const worker of this.#answers.keys()) if (!workers.has(worker)) this.#answers.delete(worker);
  }

  /** By row; undefined where one of these workers has not said all that runs there. */
  counts(workers: Iterable<string>): ReadonlyMap<string, number> | undefined {
    const sums = new Map<string, number>();
    for (const worker of workers) {
      const answer = this.#answers.get(worker);
      if (answer === undefined || !answer.isWhole) return undefined;
      for (const [row, count] of answer.users) sums.set(row, (sums.get(row) ?? 0) + count);
    }
    return sums;
  }
}
