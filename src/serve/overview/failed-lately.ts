import type { TaskEvent } from '../../core/events/task-event.js';
import type { TailListener } from '../tasks/stream-tail.js';

/** Failures of so long are counted; seconds. */
const FAILED_WITHIN_SECONDS = 600;
const STEP_SECONDS = 10;

/** How many tasks of each user have failed for good lately. */
export class FailedLately implements TailListener {
  /** By when they ended, in steps. */
  readonly #steps = new Map<number, Map<string, number>>();
  readonly #counts = new Map<string, number>();

  readonly #begun: number;

  /** @param epochMs milliseconds since the epoch */
  constructor(private readonly epochMs: () => number) {
    this.#begun = epochMs();
  }

  /** So far back it counts: seconds. */
  get withinSeconds(): number {
    const sinceBegun = Math.floor((this.epochMs() - this.#begun) / 1_000);
    return Math.max(0, Math.min(FAILED_WITHIN_SECONDS, sinceBegun));
  }

  onCompletions(events: readonly TaskEvent[]): void {
    for (const { outcome, user, finished } of events) {
      // A worker's clock may be ahead of this one.
      if (outcome === 'failed') this.#add(user, stepOf(Math.min(finished / 1_000, this.epochMs())));
    }
  }

  counts(): ReadonlyMap<string, number> {
    this.#forget();
    return this.#counts;
  }

  #add(user: string, step: number): void {
    if (step <= this.#oldest) return;
    const counts = this.#steps.get(step) ?? new Map<string, number>();
    this.#steps.set(step, counts);
    counts.set(user, (counts.get(user) ?? 0) + 1);
    this.#counts.set(user, (this.#counts.get(user) ?? 0) + 1);
    if (this.#steps.size > FAILED_WITHIN_SECONDS / STEP_SECONDS) this.#forget();
  }

  get #oldest(): number {
    return stepOf(this.epochMs()) - FAILED_WITHIN_SECONDS / STEP_SECONDS;
  }

  #forget(): void {
    for (const [step, counts] of this.#steps) {
      if (step > this.#oldest) continue;
      this.#steps.delete(step);
      for (const [user, count] of counts) {
        const left = (this.#counts.get(user) ?? 0) - count;
        if (left > 0) this.#counts.set(user, left);
        else this.#counts.delete(user);
      }
    }
  }
}

function stepOf(epochMs: number): number {
  return Math.floor(epochMs / 1_000 / STEP_SECONDS);
}
