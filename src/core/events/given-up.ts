import { parsedObject } from '../values/parsed-object.js';
import { isClockTime, isWithin, MOST_ATTEMPTS } from '../values/sane-numbers.js';

/** Attempts that were given up, in the event stream. Who knows nothing of them skips the message. */
export const GIVEN_UP = 'fairq.given-up';

const SCHEMA = 1;

/**
 * An attempt that its worker gave up when its permit was lost. It counts for nothing, and is in no completion: its task is
 * delivered again. But it ran. Times are microseconds since the epoch, by the worker's clock.
 */
export interface GivenUpAttempt {
  readonly id: string;
  readonly user: string;
  readonly run: string;
  readonly attempt: number;
  readonly worker: string;
  readonly started: number;
  /** From then on somebody else might have its permit, and run under it. */
  readonly freeFrom: number;
  /** Null: its handler had not ended when this was written. */
  readonly finished: number | null;
}

/** What ran beside others that might have its permit. */
export function isOverlap({ freeFrom, finished }: GivenUpAttempt): boolean {
  return finished === null || finished > freeFrom;
}

/** Of one worker, as a message body. */
export function encodeGivenUp(worker: string, attempts: readonly GivenUpAttempt[]): string {
  const own = attempts.map(({ worker: _, ...attempt }) => attempt);
  return JSON.stringify({ v: SCHEMA, worker, attempts: own });
}

/** Undefined for a body that no version of fairq has written. */
export function decodeGivenUp(body: string): GivenUpAttempt[] | undefined {
  const value = parsedObject(body);
  if (value?.v !== SCHEMA || typeof value.worker !== 'string' || !Array.isArray(value.attempts))
    return undefined;
  const attempts: GivenUpAttempt[] = [];
  for (const one of value.attempts as unknown[]) {
    const attempt = typeof one === 'object' && one !== null && givenUpOf({ ...one, worker: value.worker });
    if (!attempt) return undefined;
    attempts.push(attempt);
  }
  return attempts;
}

/** Undefined where a field is missing or out of its range. */
export function givenUpOf(fields: Readonly<Record<string, unknown>>): GivenUpAttempt | undefined {
  const { id, user, run, attempt, worker, started, freeFrom, finished } = fields;
  if (typeof id !== 'string' || typeof user !== 'string' || typeof run !== 'string') return undefined;
  if (typeof worker !== 'string' || !isWithin(attempt, 1, MOST_ATTEMPTS)) return undefined;
  if (!isClockTime(started) || !isClockTime(freeFrom)) return undefined;
  if (finished !== null && !isClockTime(finished)) return undefined;
  return { id, user, run, attempt, worker, started, freeFrom, finished };
}
