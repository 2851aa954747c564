import type { Charging } from '../../../core/scheduling/charging.js';
import { NOISE_MS } from '../../../core/scheduling/task-time.js';
import type { ConsumedQueue } from '../task/delivered-task.js';

/** What a user is due among those that have tasks here; parts of 1. */
export interface Share {
  readonly ofWeight: number;
  /** Of the slots, with its part of what others leave. */
  readonly ofSlots: number;
}

/**
 * The sources whose users have tasks here, had some a moment ago or may have some in a moment, and what
 * part of the slots each is due. Charged by time that is its weight's part; charged by count it is in
 * proportion to the length of its tasks too, since who has longer tasks needs more slots for the same
 * number.
 */
export class ActiveQueues {
  readonly #sources = new Set<ConsumedQueue>();
  #weight = 0;
  /** The sum of what slots are shared by: see `#claim`. */
  #claims = 0;
  /** What is due to users that have not that many tasks, as a part of the slots, and how many want more. */
  #spare = 0;
  #hungry = 0;

  constructor(
    private readonly charging: Charging,
    private readonly concurrency: number,
  ) {}

  get size(): number {
    return this.#sources.size;
  }

  has(source: ConsumedQueue): boolean {
    return this.#sources.has(source);
  }

  add(source: ConsumedQueue): void {
    if (this.#sources.has(source)) return;
    this.#sources.add(source);
    this.#weight += source.lane.weight;
  }

  delete(source: ConsumedQueue): void {
    if (!this.#sources.delete(source)) return;
    // Set and not subtracted when nobody is left, so that rounding errors do not add up.
    this.#weight = this.#sources.size === 0 ? 0 : this.#weight - source.lane.weight;
  }

  [Symbol.iterator](): Iterator<ConsumedQueue> {
    return this.#sources.values();
  }

  /** Looks at what everybody has and needs; `shareOf` goes by that until the next time. */
  weigh(meanMs: number | undefined): void {
    this.#claims = 0;
    for (const source of this.#sources) this.#claims += this.#claim(source, meanMs);
    this.#spare = 0;
    this.#hungry = 0;
    for (const source of this.#sources) {
      if (source.outstanding >= source.prefetch) {
        this.#hungry++;
        continue;
      }
      const due = this.#claim(source, meanMs) / this.#claims;
      this.#spare += Math.max(0, due - source.outstanding / this.concurrency);
    }
  }

  shareOf(source: ConsumedQueue, meanMs: number | undefined): Share {
    const { weight } = source.lane;
    const isIn = this.#sources.has(source);
    const claim = this.#claim(source, meanMs);
    const due = claim / Math.max(claim, isIn ? this.#claims : this.#claims + claim);
    const left = source.outstanding >= source.prefetch && this.#hungry > 0 ? this.#spare / this.#hungry : 0;
    return {
      ofWeight: weight / Math.max(weight, isIn ? this.#weight : this.#weight + weight),
      ofSlots: Math.min(1, due + left),
    };
  }

  #claim({ lane }: ConsumedQueue, meanMs: number | undefined): number {
    if (this.charging === 'time') return lane.weight;
    return lane.weight * Math.max(NOISE_MS, lane.taskMs ?? meanMs ?? 0);
  }
}
