import type { Lane } from './scheduler.js';
import { NOISE_MS, SHORTEST_MS, TIME_GAIN, TIME_OUTLIER } from './tuning.js';

/**
 * A mean that follows: the typical run time after a task that took `ms`.
 *
 * @param typicalMs of the tasks before it, or undefined for the first, which says by itself what is typical
 * @param expectedMs for the first: what others' tasks take, or undefined where there are none
 */
export function followed(typicalMs: number | undefined, ms: number, expectedMs?: number): number {
  const before = typicalMs ?? expectedMs;
  if (before === undefined) return ms;
  const counted = Math.min(ms, TIME_OUTLIER * Math.max(before, SHORTEST_MS));
  return typicalMs === undefined ? counted : typicalMs + TIME_GAIN * (counted - typicalMs);
}

/** The run times of the first tasks, of which any may have been held up: their medians tell what is typical. */
export class FirstTimes<K> {
  readonly #all: number[] = [];
  readonly #own = new Map<K, number[]>();

  /** @param wanted how many tasks count as the first */
  constructor(private readonly wanted: number) {}

  get complete(): boolean {
    return this.#all.length >= this.wanted;
  }

  /**
   * @param whose the lane that the task came from
   * @returns typical of all, and of this lane; the latter is undefined where it is mostly noise. Milliseconds.
   */
  add(whose: K, ms: number): { readonly all: number; readonly own: number | undefined } {
    const times = this.#own.get(whose) ?? [];
    this.#own.set(whose, times);
    const own = medianWith(times, ms);
    return { all: medianWith(this.#all, ms), own: own < NOISE_MS ? undefined : own };
  }
}

/** The median, and of two in the middle the lesser, after one more has been put in. */
function medianWith(sorted: number[], more: number): number {
  sorted.push(more);
  sorted.sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}

/**
 * How long the next task of this user may take, milliseconds: as long as its own of late, or as all
 * users' where its own is unknown, or so short that the difference is noise.
 *
 * @param allMs typical of all users, or undefined before any task has ended
 */
export function typicalTaskMs(
  { taskMs }: Pick<Lane<unknown>, 'taskMs'>,
  allMs: number | undefined,
): number | undefined {
  if (taskMs === undefined) return allMs;
  if (taskMs >= NOISE_MS || allMs === undefined) return taskMs;
  return Math.min(taskMs, allMs);
}
