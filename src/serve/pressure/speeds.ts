import type { TaskEvent } from '../../core/events/task-event.js';
import { OldestKeys } from '../../core/values/oldest-keys.js';

const SLOT_MS = 5_000;
/** The last minute. */
const SLOTS = 12;
/** A speed that is measured for a shorter time is not known. */
const LEAST_MS = 10_000;
/** Users that are kept; some 200 bytes each. */
const MOST_USERS = 10_000;

interface Measured {
  /** Tasks that ended in each slot; a slot is of `at` modulo their number. */
  readonly counts: Uint32Array;
  /** Number of the slot that was counted last, and of the first. */
  last: number;
  first: number;
}

/** How fast the tasks of each user come to their end, by what was heard of them in the last minute. It listens to the tail. */
export class Speeds {
  /** In the order in which they were heard of last. */
  readonly #users = new Map<string, Measured>();
  readonly #oldest = new OldestKeys(this.#users);

  /** @param nowMs of a clock that never goes back */
  constructor(private readonly nowMs: () => number) {}

  onCompletions(events: readonly TaskEvent[]): void {
    const slot = this.#slot();
    for (const { user, outcome } of events) {
      if (outcome === 'retrying') continue; // it still waits
      const measured = this.#users.get(user) ?? { counts: new Uint32Array(SLOTS), last: slot, first: slot };
      this.#users.delete(user);
      this.#users.set(user, measured);
      advance(measured, slot);
      measured.counts[slot % SLOTS]!++;
    }
    while (this.#users.size > MOST_USERS) this.#users.delete(this.#oldest.next()!);
  }

  /** Tasks a second; undefined where nothing was heard, or not for long enough. */
  of(user: string): number | undefined {
    const measured = this.#users.get(user);
    if (measured === undefined) return undefined;
    const slot = this.#slot();
    advance(measured, slot);
    const count = measured.counts.reduce((sum, some) => sum + some, 0);
    const sinceMs = this.nowMs() - Math.max(measured.first, slot - SLOTS + 1) * SLOT_MS;
    return count === 0 || sinceMs < LEAST_MS ? undefined : (count * 1000) / sinceMs;
  }

  #slot(): number {
    return Math.floor(this.nowMs() / SLOT_MS);
  }
}

/** Slots that have passed without a task are empty. */
function advance(measured: Measured, slot: number): void {
  const passed = Math.min(SLOTS, slot - measured.last);
  for (let i = 1; i <= passed; i++) measured.counts[(measured.last + i) % SLOTS] = 0;
  measured.last = Math.max(measured.last, slot);
}
