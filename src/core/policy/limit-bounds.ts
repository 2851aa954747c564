import { isWithin } from '../values/sane-numbers.js';
import type { Cap, Rate } from './policy-document.js';

/** Beyond these, a turn of the one would be lost in the rounding of the other's. */
export const LEAST_WEIGHT = 0.001;
export const MOST_WEIGHT = 1_000;
/** A permit is a message of its own. */
export const MOST_CAP = 100_000;
/** A token is one, too. */
export const MOST_STARTS = 1_000_000;
export const MOST_BACKLOG = 1_000_000_000;
/** A second, a minute or an hour. */
export const RATE_WINDOWS_MS: readonly number[] = [1_000, 60_000, 3_600_000];

export function isWeight(value: unknown): value is number {
  return typeof value === 'number' && value >= LEAST_WEIGHT && value <= MOST_WEIGHT;
}

export function isCap(value: unknown): value is Cap {
  if (typeof value !== 'object' || value === null || !('tasks' in value)) return false;
  if ('whenBusy' in value && value.whenBusy !== true) return false;
  return isWithin(value.tasks, 1, MOST_CAP);
}

export function isRate(value: unknown): value is Rate {
  if (typeof value !== 'object' || value === null) return false;
  const { starts, perMs, burst } = value as Record<string, unknown>;
  if (!isWithin(starts, 1, MOST_STARTS) || !isWithin(burst, 1, starts)) return false;
  return typeof perMs === 'number' && RATE_WINDOWS_MS.includes(perMs);
}

export function isBacklog(value: unknown): value is number {
  return isWithin(value, 1, MOST_BACKLOG);
}

/** Permits and tokens are numbered, from 1 on. */
export function isGrantNumber(value: unknown): value is number {
  return isWithin(value, 1, MOST_STARTS);
}
