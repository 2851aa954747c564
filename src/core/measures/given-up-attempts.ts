import { type GivenUpAttempt, isOverlap } from '../events/given-up.js';
import type { TimeWindow } from '../values/window-of-time.js';

/** Attempts of a run that were given up with their permits. */
export class GivenUpAttempts implements Iterable<GivenUpAttempt> {
  readonly #all = new Map<string, GivenUpAttempt>();

  /** Once, though it may be written twice. What says when it ended counts in the place of what does not. */
  add(attempt: GivenUpAttempt): void {
    const key = JSON.stringify([attempt.worker, attempt.id, attempt.attempt, attempt.started]);
    if (attempt.finished === null && this.#all.has(key)) return;
    this.#all.set(key, attempt);
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<GivenUpAttempt> {
    return this.#all.values();
  }

  /** Those that ran beside others which might have their permits, in a part of the run; the first first. */
  overlaps({ from, to }: TimeWindow): GivenUpAttempt[] {
    const isIn = ({ freeFrom, finished }: GivenUpAttempt) => freeFrom < to && (finished ?? to) >= from;
    return [...this]
      .filter((attempt) => isOverlap(attempt) && isIn(attempt))
      .sort((a, b) => a.freeFrom - b.freeFrom || (a.id < b.id ? -1 : 1));
  }
}
