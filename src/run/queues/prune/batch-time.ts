/** A publisher to a user in the batch waits for as long as the batch takes. Milliseconds. */
const BATCH_TAKES_MS = 1_200;
const FIRST_MS = 200;
const LEAST_MS = 10;
const MOST_MS = 400;

/**
 * For how long a batch of queues is unbound, before it is deleted: as long as leaves the whole batch in the time
 * that publishers may be held up for. A time and no number, so that it fits brokers of every speed from the start.
 */
export class BatchTime {
  #unbindMs = FIRST_MS;

  /** Milliseconds. */
  get unbindMs(): number {
    return this.#unbindMs;
  }

  /** The last batch took so long in all, milliseconds. */
  took(ms: number): void {
    const fitting = this.#unbindMs * (BATCH_TAKES_MS / ms);
    // It grows slowly, for the broker may be slow again in a moment.
    this.#unbindMs = Math.min(MOST_MS, Math.max(LEAST_MS, Math.min(fitting, this.#unbindMs * 1.25)));
  }
}
