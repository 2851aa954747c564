/**
 * Numbers the tasks of a run: those of each user from 1. A run without an end keeps nothing of each user, so it
 * numbers all of its tasks in one row.
 */
export class Sequences {
  readonly #last = new Map<string, number>();

  constructor(private readonly isEndless: boolean) {}

  next(user: string): number {
    const row = this.isEndless ? '' : user;
    const sequence = (this.#last.get(row) ?? 0) + 1;
    this.#last.set(row, sequence);
    return sequence;
  }
}
