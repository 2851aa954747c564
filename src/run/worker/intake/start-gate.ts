import { isBlocked } from '../../../core/scheduling/scheduler.js';
import { GATE_EVERY_MS, GATE_FROM_USERS, GATE_PART, GATE_WAIT_MS } from '../../../core/scheduling/tuning.js';
import type { Clock } from '../../../core/values/clock.js';
import type { ActiveUser } from './served-queue.js';

/**
 * Keeps a choice at hand. Where many users compete with tasks that take no time, the broker is what
 * limits the speed. A worker that starts every task as it comes has none at hand, and whose is next is the
 * chance of deliveries. So it lets half of its prefetch arrive before it starts more, as long as there
 * are deliveries. They go on coming: the other half is under way.
 */
export class StartGate {
  #wanted = 0;
  #lastDelivery = Number.NEGATIVE_INFINITY;
  #lastCheck = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  /** @param now milliseconds */
  delivered(now: number): void {
    this.#lastDelivery = now;
  }

  /** Starts what is prefetched, whatever it is. */
  release(): void {
    this.#wanted = 0;
  }

  /**
   * Sums up which users have a backlog: more has come of them, without a rest, than a prefetch lets
   * through at once, and may start. Does nothing when called too often.
   */
  adjust(queues: Iterable<ActiveUser>, now: number): void {
    if (now - this.#lastCheck < GATE_EVERY_MS) return;
    this.#lastCheck = now;
    let users = 0;
    let most = 0;
    for (const queue of queues) {
      if (!queue.hasBacklog || isBlocked(queue.lane)) continue;
      users++;
      most += queue.prefetch;
    }
    this.#wanted = users < GATE_FROM_USERS ? 0 : most * GATE_PART;
  }

  /**
   * How long it is worth waiting for deliveries before the next start, if none comes; 0 for not at all.
   *
   * @param startable tasks that could start
   */
  waitMs(startable: number): number {
    if (startable >= this.#wanted) return 0;
    return Math.max(0, this.#lastDelivery + GATE_WAIT_MS - this.clock.now());
  }
}
