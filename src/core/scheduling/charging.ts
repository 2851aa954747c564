import type { Lane } from './scheduler.js';

/** What service is counted in: tasks, or the time that they run. */
export type Charging = 'count' | 'time';

/** A task that ends at once still counts, or its user would never be done with its turn. */
const LEAST_MS = 0.01;
/** Of the very first task nobody knows how long it takes. */
const UNKNOWN_MS = 1;

/** Milliseconds that a task is charged for its run time. */
export function timeCharge(runMs: number): number {
  return Math.max(runMs, LEAST_MS);
}

/**
 * Milliseconds to charge at the start of a task, when its time is not known: that of its user's recent
 * tasks, else of everybody's.
 *
 * @param meanMs of everybody's recent tasks, or undefined before the first has ended
 */
export function expectedCharge(lane: Lane<unknown>, meanMs: number | undefined): number {
  return timeCharge(lane.taskMs ?? meanMs ?? UNKNOWN_MS);
}
