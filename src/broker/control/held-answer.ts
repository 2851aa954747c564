import { isClockTime, isWithin, MOST_ATTEMPTS } from '../../core/values/sane-numbers.js';

/** A worker's answer to `task`, the question who has it: it is there, and has to wait. Nobody else answers. */
export interface HeldAnswer {
  readonly kind: 'held';
  /** That of the question. */
  readonly request: string;
  /** Its name. */
  readonly worker: string;
  readonly task: ToldHeldTask;
}

/** A task that may have ended a worker, and waits for that. Times are microseconds since the epoch. */
export interface ToldHeldTask {
  readonly user: string;
  readonly run: string;
  readonly attempt: number;
  readonly enqueued: number;
  readonly since: number;
  /** From then on it waits for a slot and for those ahead, and for nothing else. */
  readonly until: number;
  /** Others of its kind that may go before it, one at a time. */
  readonly ahead: number;
  /** Workers that died while it ran; undefined while it is not known whether the last one has. */
  readonly deaths: number | undefined;
}

const MOST_TASKS = 1_000_000;

/** Undefined for what no fairq would answer. */
export function decodeHeldAnswer(value: object): HeldAnswer | undefined {
  const { request, worker, task } = value as Record<string, unknown>;
  if (typeof request !== 'string' || typeof worker !== 'string') return undefined;
  if (typeof task !== 'object' || task === null) return undefined;
  const { user, run, attempt, enqueued, since, until, ahead, deaths } = task as Record<string, unknown>;
  if (typeof user !== 'string' || typeof run !== 'string' || !isWithin(attempt, 1, MOST_ATTEMPTS))
    return undefined;
  if (!isClockTime(enqueued) || !isClockTime(since) || !isClockTime(until)) return undefined;
  if (!isWithin(ahead, 0, MOST_TASKS)) return undefined;
  if (deaths !== undefined && !isWithin(deaths, 0, MOST_TASKS)) return undefined;
  const told = { user, run, attempt, enqueued, since, until, ahead, deaths };
  return { kind: 'held', request, worker, task: told };
}
