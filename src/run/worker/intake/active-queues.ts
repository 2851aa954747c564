import type { Charging } from '../../../core/scheduling/charging.js';
import { isBlocked } from '../../../core/scheduling/scheduler.js';
import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import { NOISE_MS } from '../../../core/scheduling/tuning.js';
import type { ActiveUser } from './served-queue.js';
import { TenantParts } from './tenant-parts.js';

/** What a user is due among those that have tasks here; parts of 1. */
export interface Share {
  readonly ofWeight: number;
  /** Of the slots, with its part of what others leave. */
  readonly ofSlots: number;
}

/**
 * Of how many times its slots a user is to have tasks here. Where tenants take turns, one with few users has few queues
 * that deliver. When its tasks end together others would be at hand instead, so as many are to wait as run.
 */
function atHand({ tenant }: ActiveUser['lane']): number {
  return tenant === undefined ? 1 : 2;
}

/**
 * The queues whose users have tasks here, had some a moment ago or may have some in a moment, and what
 * part of the slots each is due. Charged by time that is its weight's part; charged by count it is in
 * proportion to the length of its tasks too, since who has longer tasks needs more slots for the same
 * number.
 */
export class ActiveQueues {
  /** Each with the weight by which it counts in the sum of all: a policy may change its user's. */
  readonly #queues = new Map<ActiveUser, number>();
  readonly #parts = new TenantParts();
  #weight = 0;
  /** The sum of what slots are shared by: see `#claim`. */
  #claims = 0;
  /** What is due to users that have not that many tasks, as a part of the slots, and how many want more. */
  #spare = 0;
  #hungry = 0;
  #isToWeigh = false;

  constructor(
    private readonly charging: Charging,
    private readonly concurrency: number,
    private readonly times: Pick<TaskTimes, 'allMs'>,
  ) {}

  get size(): number {
    return this.#queues.size;
  }

  add(queue: ActiveUser): void {
    if (this.#queues.has(queue)) return;
    this.#parts.add(queue.lane);
    this.#count(queue);
  }

  delete(queue: ActiveUser): void {
    const weight = this.#queues.get(queue);
    if (weight === undefined) return;
    this.#queues.delete(queue);
    // Set and not subtracted when nobody is left, so that rounding errors do not add up.
    this.#weight = this.#queues.size === 0 ? 0 : this.#weight - weight;
  }

  [Symbol.iterator](): Iterator<ActiveUser> {
    return this.#queues.keys();
  }

  /**
   * What everybody has and needs is summed up when `shareOf` is asked next, which goes by that until the next time. Of
   * light users nobody asks, and they may be ten thousands.
   */
  weigh(): void {
    this.#isToWeigh = true;
  }

  #sumUp(): void {
    this.#isToWeigh = false;
    this.#claims = 0;
    this.#weight = 0;
    this.#parts.sumUp(this.#queues.keys());
    for (const queue of this.#queues.keys()) {
      this.#claims += this.#claim(queue);
      this.#count(queue);
    }
    this.#spare = 0;
    this.#hungry = 0;
    for (const queue of this.#queues.keys()) {
      if (queue.isFull && !isBlocked(queue.lane)) {
        this.#hungry++;
        continue;
      }
      // A blocked user needs slots for what runs, and no more.
      const held = isBlocked(queue.lane) ? queue.lane.prefetched.size : 0;
      const due = this.#claim(queue) / this.#claims;
      this.#spare += Math.max(0, due - (queue.outstanding - held) / this.concurrency);
    }
  }

  shareOf(queue: ActiveUser): Share {
    if (this.#isToWeigh) this.#sumUp();
    const weight = this.#parts.of(queue.lane);
    const isIn = this.#queues.has(queue);
    const claim = this.#claim(queue);
    const due = claim / Math.max(claim, isIn ? this.#claims : this.#claims + claim);
    const left = queue.isFull && !isBlocked(queue.lane) && this.#hungry > 0 ? this.#spare / this.#hungry : 0;
    return {
      ofWeight: weight / Math.max(weight, isIn ? this.#weight : this.#weight + weight),
      ofSlots: Math.min(1, atHand(queue.lane) * (due + left)),
    };
  }

  #count(queue: ActiveUser): void {
    const weight = this.#parts.of(queue.lane);
    this.#queues.set(queue, weight);
    this.#weight += weight;
  }

  #claim({ lane }: ActiveUser): number {
    const weight = this.#parts.of(lane);
    if (this.charging === 'time') return weight;
    return weight * Math.max(NOISE_MS, lane.taskMs ?? this.times.allMs ?? 0);
  }
}
