/** A batch of completions goes out at this size, or after this time; at once where the worker is out of work. */
const FLUSH_AT = 512;
const FLUSH_WITHIN_MS = 5;

/** Completions that have been collected and not written. */
export interface Collected {
  /** How many there are. */
  readonly collected: number;
  /** Writes them. */
  flush(): void;
}

/** When to write completions. Many small batches cost the broker more than the wait of a moment costs anybody. */
export class FlushPolicy {
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param outOfWork whether nothing is at hand, and more comes only when the broker hears of what is done;
   * asked each time, so it may change
   */
  constructor(
    private readonly batch: Collected,
    private readonly outOfWork: () => boolean,
  ) {}

  /** Call it when something was collected, or the worker may have run out of work. */
  flushSoon(): void {
    const { collected } = this.batch;
    if (collected === 0) return;
    if (collected >= FLUSH_AT || this.outOfWork()) {
      this.batch.flush();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.batch.flush();
    }, FLUSH_WITHIN_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
