import type { Clock } from '../../../core/values/clock.js';

/** A listing that failed is tried again so soon. */
const LIST_AGAIN_MS = 2_000;
/** After a hint; more of them may come. */
const AFTER_HINT_MS = 500;
/** Hints make the broker list for a fifth of the time at the most. */
const PAUSE_PER_LISTING = 4;

/** Lists the queues every so often, and sooner where there is a reason. There is one listing at a time. */
export class Listings {
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #isListing = false;
  #closed = false;
  #tookMs = 0;

  constructor(
    private readonly list: () => Promise<void>,
    private readonly everyMs: number,
    private readonly clock: Clock,
  ) {}

  soon(afterMs: number): void {
    this.#dueAt = Math.min(this.#dueAt, this.clock.now() + afterMs);
    if (!this.#isListing) this.#wait();
  }

  /** Somebody has made a queue, and may be about to make thousands. */
  afterHint(): void {
    this.soon(Math.max(AFTER_HINT_MS, PAUSE_PER_LISTING * this.#tookMs));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, this.#dueAt - this.clock.now()));
  }

  #run(): void {
    this.#isListing = true;
    this.#dueAt = Number.POSITIVE_INFINITY;
    const begun = this.clock.now();
    const over = (nextMs: number) => {
      this.#isListing = false;
      this.#tookMs = this.clock.now() - begun;
      this.soon(nextMs);
    };
    this.list().then(
      () => over(this.everyMs),
      () => over(Math.min(LIST_AGAIN_MS, this.everyMs)),
    );
  }
}
