import type { Lane } from './scheduler.js';

/** Of a task that took less, how long it took is mostly noise. Milliseconds. */
export const NOISE_MS = 1;

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
