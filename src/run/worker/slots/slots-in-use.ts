import type { Clock } from '../../../core/values/clock.js';
import type { Runner } from './runner.js';

/** A mean over less says little. */
const LEAST_SPAN_MS = 1_000;

/**
 * How many slots are in use. Tasks that last no longer than the code that runs them never run while somebody looks,
 * so the mean of the last seconds counts where it is more than what runs at the moment.
 */
export class SlotsInUse {
  #at: number;
  #spent = 0;
  #mean = 0;

  constructor(
    private readonly runner: Runner,
    private readonly slots: number,
    private readonly clock: Clock,
  ) {
    this.#at = clock.epochMicros();
  }

  measure(): number {
    const now = this.clock.epochMicros();
    const span = now - this.#at;
    if (span >= LEAST_SPAN_MS * 1_000) {
      const spent = this.runner.spentBy(now);
      this.#mean = Math.round((spent - this.#spent) / span);
      this.#spent = spent;
      this.#at = now;
    }
    return Math.min(this.slots, Math.max(this.runner.running, this.#mean));
  }
}
