import type { Refusal } from '../../../broker/consuming/consume-trial.js';
import { DOWN_PAUSE_MS } from '../../../broker/queues/queue-probe.js';
import type { Clock } from '../../../core/values/clock.js';

/** A refused queue is tried again after this pause, which doubles with each further refusal. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 60 * 60_000;
/** Refusals that come together are told in one line. */
const TELL_AFTER_MS = 300;

interface Pause {
  readonly pauseMs: number;
  /** Milliseconds. */
  readonly until: number;
}

/** Queues that the broker does not let this worker consume. Each is told once, and tried again with growing pauses. */
export class RefusedQueues {
  readonly #pauses = new Map<string, Pause>();
  /** Names and reasons that nobody was told of yet. */
  #untold: { readonly queue: string; readonly reason: string }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly warn: (text: string) => void,
  ) {}

  add(queue: string, { reason, isDown }: Refusal): void {
    const before = this.#pauses.get(queue);
    const growing = before === undefined ? FIRST_PAUSE_MS : before.pauseMs * 2;
    const pauseMs = isDown ? DOWN_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, growing);
    this.#pauses.set(queue, { pauseMs, until: this.clock.now() + pauseMs });
    if (before !== undefined) return;
    this.#untold.push({ queue, reason });
    this.#timer ??= setTimeout(() => this.tell(), TELL_AFTER_MS);
  }

  mayTry(queue: string): boolean {
    const pause = this.#pauses.get(queue);
    return pause === undefined || this.clock.now() >= pause.until;
  }

  /** Somebody has spoken of the queue: it may have changed. */
  tryNow(queue: string): void {
    const pause = this.#pauses.get(queue);
    if (pause !== undefined) this.#pauses.set(queue, { ...pause, until: this.clock.now() });
  }

  /** Says what has not been said yet. */
  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [first, ...others] = this.#untold;
    this.#untold = [];
    if (first === undefined) return;
    const what =
      others.length === 0
        ? `the queue ${JSON.stringify(first.queue)} cannot be consumed and is left out`
        : `${(others.length + 1).toLocaleString('en-US')} queues cannot be consumed and are left out, such as ${JSON.stringify(first.queue)}`;
    this.warn(`${what}: ${first.reason}; fairq tries again now and then`);
  }
}
