import type { Clock } from '../../../core/values/clock.js';
import type { ConsumedQueue } from '../task/delivered-task.js';

/**
 * The last delivery may be so long ago before what is held starts all the same. A broker that shares its
 * processors with others may get none for some milliseconds. Milliseconds.
 */
const WAIT_MS = 25;
/** Of what the windows allow so much is to be held. */
const PART_HELD = 1 / 2;
/** How often it looks at who has a backlog. */
const LOOK_EVERY_MS = 5;
/** Among fewer users each has tasks here nearly always, in windows that are large. */
const MANY = 32;

/**
 * Keeps a choice at hand. Where many users compete with tasks that take no time, the broker is what
 * limits the speed: a worker that starts every task as it comes holds none, and whose is next is the
 * chance of deliveries. So it lets half of its windows fill before it starts more, as long as there
 * are deliveries. They go on coming: the other half is under way.
 */
export class StartGate {
  #wanted = 0;
  #lastDelivery = Number.NEGATIVE_INFINITY;
  #lastLook = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  /** @param now milliseconds */
  delivered(now: number): void {
    this.#lastDelivery = now;
  }

  /** Starts what is held, whatever it is. */
  release(): void {
    this.#wanted = 0;
  }

  /**
   * Looks at which users have a backlog: more has come of them, without a rest, than a window lets
   * through at once. Does nothing when called too often.
   */
  adjust(sources: Iterable<ConsumedQueue>, now: number): void {
    if (now - this.#lastLook < LOOK_EVERY_MS) return;
    this.#lastLook = now;
    let users = 0;
    let most = 0;
    for (const { prefetch: window, outstanding, served } of sources) {
      if (outstanding + served <= window) continue;
      users++;
      most += window;
    }
    this.#wanted = users < MANY ? 0 : most * PART_HELD;
  }

  /**
   * How long it is worth waiting for deliveries before the next start, if none comes; 0 for not at all.
   *
   * @param held tasks that could start
   */
  waitMs(held: number): number {
    if (held >= this.#wanted) return 0;
    return Math.max(0, this.#lastDelivery + WAIT_MS - this.clock.now());
  }
}
