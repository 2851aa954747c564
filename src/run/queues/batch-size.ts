/** A publisher to a user in the batch waits for as long as the batch takes. Milliseconds. */
const BATCH_TAKES_MS = 1_200;
const FIRST = 100;
const LEAST = 5;
const MOST = 1_000;

/** How many queues to prune at once: as many as the broker does in the time that publishers may be held up. */
export class BatchSize {
  #next = FIRST;

  get next(): number {
    return this.#next;
  }

  /** A batch of so many has taken so long, milliseconds. */
  took(queues: number, ms: number): void {
    if (ms > BATCH_TAKES_MS) this.#next = Math.max(LEAST, Math.floor(queues / 2));
    else if (ms < BATCH_TAKES_MS * 0.8)
      this.#next = Math.min(MOST, Math.ceil(Math.max(this.#next, queues) * 1.5));
  }
}
