import { usageError } from '../errors/errors.js';
import { parseTimer } from '../values/quantities.js';

/** What becomes of a task that failed. */
export interface RetryPolicy {
  /** Starts of one task at the most. */
  readonly maxAttempts: number;
  /** Milliseconds after the first failed attempt, the second, …; the last one holds for all that follow. */
  readonly delaysMs: readonly number[];
  /** Waits of tasks that are not due before some time, beside those of failed ones. */
  readonly stepsMs?: readonly number[];
}

/** Each delay is a queue on the broker. */
const MOST_STEPS = 20;
const LONGEST_MS = 24 * 3_600_000;

/** How long to wait after this attempt has failed, milliseconds; undefined if it was the last. */
export function delayAfter({ maxAttempts, delaysMs }: RetryPolicy, attempt: number): number | undefined {
  if (attempt >= maxAttempts) return undefined;
  return delaysMs[Math.min(attempt, delaysMs.length) - 1];
}

/** The delays that can come up: no more of them than there are retries. */
export function delaysOf({ maxAttempts, delaysMs, stepsMs = [] }: RetryPolicy): number[] {
  return [...new Set([...delaysMs.slice(0, maxAttempts - 1), ...stepsMs])];
}

/**
 * `1s,2s,4s`: the last one repeats. `1s,2s,4s…` (or with three dots) goes on as it grew so far, up to a
 * day; one delay alone doubles.
 */
export function parseBackoff(text: string, what: string): number[] {
  const [, list, more] = /^(.*?)(…|\.\.\.)?$/.exec(text.trim())!;
  const delays = list!
    .split(',')
    .filter((part, i, parts) => !(part.trim() === '' && i > 0 && i === parts.length - 1))
    .map((part) => Math.round(parseTimer(part, what)));
  if (delays.length > MOST_STEPS || delays.some((ms) => ms > LONGEST_MS)) {
    throw usageError('BAD_BACKOFF', `${what}: "${text}" has more than ${MOST_STEPS} steps, or one over 24h`, {
      hint: 'Write a few delays such as 1s,5s,30s; the last one repeats.',
    });
  }
  if (more === undefined) return delays;
  const last = delays.at(-1)!;
  const before = delays.at(-2);
  const factor = before === undefined ? 2 : Math.max(1, last / before);
  while (factor > 1 && delays.length < MOST_STEPS && delays.at(-1)! < LONGEST_MS) {
    delays.push(Math.min(LONGEST_MS, Math.round(delays.at(-1)! * factor)));
  }
  return delays;
}
