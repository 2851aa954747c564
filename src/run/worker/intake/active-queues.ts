import type { Charging } from '../../../core/scheduling/charging.js';
import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import { NOISE_MS } from '../../../core/scheduling/tuning.js';
import type { ConsumedQueue } from './consumed-queue.js';

/** What a user is due among those that have tasks here; parts of 1. */
export interface Share {
  readonly ofWeight: number;
  /** Of the slots, with its part of what others leave. */
  readonly ofSlots: number;
}

/**
 * The queues whose users have tasks here, had some a moment ago or may have some in a moment, and what
 * part of the slots each is due. Charged by time that is its weight's part; charged by count it is in
 * proportion to the length of its tasks too, since who has longer tasks needs more slots for the same
 * number.
 */
export class ActiveQueues {
  readonly #queues = new Set<ConsumedQueue>();
  #weight = 0;
  /** The sum of what slots are shared by: see `#claim`. */
  #claims = 0;
  /** What is due to users that have not that many tasks, as a part of the slots, and how many want more. */
  #spare = 0;
  #hungry = 0;

  constructor(
    private readonly charging: Charging,
    private readonly concurrency: number,
    private readonly times: Pick<TaskTimes, 'allMs'>,
  ) {}

  get size(): number {
    return this.#queues.size;
  }

  add(queue: ConsumedQueue): void {
    if (this.#queues.has(queue)) return;
    this.#queues.add(queue);
    this.#weight += queue.lane.weight;
  }

  delete(queue: ConsumedQueue): void {
    if (!this.#queues.delete(queue)) return;
    // Set and not subtracted when nobody is left, so that rounding errors do not add up.
    this.#weight = this.#queues.size === 0 ? 0 : this.#weight - queue.lane.weight;
  }

  [Symbol.iterator](): Iterator<ConsumedQueue> {
    return this.#queues.values();
  }

  /** Sums up what everybody has and needs; `shareOf` goes by that until the next time. */
  weigh(): void {
    this.#claims = 0;
    for (const queue of this.#queues) this.#claims += this.#claim(queue);
    this.#spare = 0;
    this.#hungry = 0;
    for (const queue of this.#queues) {
      if (queue.isFull) {
        this.#hungry++;
        continue;
      }
      const due = this.#claim(queue) / this.#claims;
      this.#spare += Math.max(0, due - queue.outstanding / this.concurrency);
    }
  }

  shareOf(queue: ConsumedQueue): Share {
    const { weight } = queue.lane;
    const isIn = this.#queues.has(queue);
    const claim = this.#claim(queue);
    const due = claim / Math.max(claim, isIn ? this.#claims : this.#claims + claim);
    const left = queue.isFull && this.#hungry > 0 ? this.#spare / this.#hungry : 0;
    return {
      ofWeight: weight / Math.max(weight, isIn ? this.#weight : this.#weight + weight),
      ofSlots: Math.min(1, due + left),
    };
  }

  #claim({ lane }: ConsumedQueue): number {
    if (this.charging === 'time') return lane.weight;
    return lane.weight * Math.max(NOISE_MS, lane.taskMs ?? this.times.allMs ?? 0);
  }
}
