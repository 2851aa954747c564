import type { Clock } from '../../../core/values/clock.js';

/** Of a burst, what comes within this time is taken up at once: each take looks at all users that are active. */
const APART_MS = 50;

/** Queues that somebody has just made. The first of them is taken up at once, and a burst in batches. */
export class NewQueues {
  #named = new Set<string>();
  #lastTake = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly take: (queues: readonly string[]) => void,
  ) {}

  add(queue: string): void {
    this.#named.add(queue);
    const waitMs = Math.max(0, this.#lastTake + APART_MS - this.clock.now());
    this.#timer ??= setTimeout(() => this.#takeAll(), waitMs);
  }

  /** It has been deleted again: to consume it would cost a channel. */
  forget(queue: string): void {
    this.#named.delete(queue);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#named.clear();
  }

  #takeAll(): void {
    this.#timer = undefined;
    this.#lastTake = this.clock.now();
    const queues = [...this.#named];
    this.#named = new Set();
    if (queues.length > 0) this.take(queues);
  }
}
