import { isWithin } from '../values/sane-numbers.js';
import { decodeEnvelope, ENVELOPE_HEADER, type Envelope, encodeEnvelope } from './envelope.js';
import { readableByAll, republishableHeaders } from './republishable.js';

/**
 * What fairq writes into the headers of a task that failed, beside its envelope: on its way to the next
 * attempt where it came from, when it was first started and when it failed; as a dead letter also why it is dead.
 */
export const QUEUE_HEADER = 'x-fairq-queue';
export const FIRST_START_HEADER = 'x-fairq-first-start';
export const LAST_END_HEADER = 'x-fairq-last-end';
export const REASON_HEADER = 'x-fairq-reason';
export const STACK_HEADER = 'x-fairq-stack';
/** Attempts of a dead letter that was sent back: it has as many to come as a new task. */
export const ATTEMPTS_BEFORE_HEADER = 'x-fairq-attempts-before';

/** Headers have to fit into one frame; a reason is for people. Characters. */
const REASON_KEPT = 2_000;
const STACK_KEPT = 8_000;
const ABOUT_DEATH = [QUEUE_HEADER, FIRST_START_HEADER, LAST_END_HEADER, REASON_HEADER, STACK_HEADER];

export type Headers = Readonly<Record<string, unknown>>;

/** Why a task failed. */
export interface Failure {
  readonly reason: string;
  readonly stack?: string | undefined;
  /** What the handler threw, if it was that. */
  readonly thrown?: unknown;
}

/** A failed attempt. Times in microseconds since the epoch. */
export interface FailedAttempt {
  /** Where the task came from. */
  readonly queue: string;
  readonly envelope: Envelope;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The headers of the next attempt. */
export function retryHeaders(headers: Headers | undefined, failed: FailedAttempt): Record<string, unknown> {
  const { envelope } = failed;
  return {
    ...failedAttemptHeaders(headers, failed),
    [ENVELOPE_HEADER]: encodeEnvelope({ ...envelope, attempt: envelope.attempt + 1 }),
    [LAST_END_HEADER]: failed.endedAt,
  };
}

/**
 * How long a task is to wait for its next attempt; milliseconds, `delayMs` at the most, since it may have
 * failed at a worker with another clock.
 *
 * @param now microseconds since the epoch
 */
export function waitLeft(headers: Headers | undefined, delayMs: number, now: number): number {
  const failedAt = micros(headers?.[LAST_END_HEADER]) ?? 0;
  return Math.min(delayMs, Math.max(0, Math.ceil(delayMs - (now - failedAt) / 1000)));
}

export function deadLetterHeaders(
  headers: Headers | undefined,
  failed: FailedAttempt,
  { reason, stack }: Failure,
): Record<string, unknown> {
  return {
    ...failedAttemptHeaders(headers, failed),
    [ENVELOPE_HEADER]: encodeEnvelope(failed.envelope),
    [LAST_END_HEADER]: failed.endedAt,
    [REASON_HEADER]: bounded(reason, REASON_KEPT),
    ...(stack !== undefined && { [STACK_HEADER]: bounded(stack, STACK_KEPT) }),
  };
}

/** What a dead letter is sent back with. Attempts go on counting, so that the report knows the later one. */
export function redriveHeaders(headers: Headers | undefined, attempts: number): Record<string, unknown> {
  const rest = Object.entries(republishableHeaders(headers)).filter(([name]) => !ABOUT_DEATH.includes(name));
  return { ...Object.fromEntries(rest), [ATTEMPTS_BEFORE_HEADER]: readableByAll(attempts) };
}

/** Attempts that count for nothing when it is decided whether a task is tried again. */
export function attemptsBefore(headers: Headers | undefined): number {
  const value = headers?.[ATTEMPTS_BEFORE_HEADER];
  return isWithin(value, 1, Number.MAX_SAFE_INTEGER) ? value : 0;
}

/** What a dead letter says of itself; anything may be missing, for anybody can write to the queue. */
export interface DeadLetter {
  readonly user: string | undefined;
  readonly run: string | undefined;
  readonly queue: string | undefined;
  readonly attempts: number | undefined;
  readonly reason: string | undefined;
  readonly stack: string | undefined;
  readonly firstStartAt: number | undefined;
  readonly lastEndAt: number | undefined;
}

export function readDeadLetter(headers: Headers | undefined): DeadLetter {
  const { user, run, attempt } = decodeEnvelope(headers);
  return {
    user,
    run,
    attempts: attempt,
    queue: text(headers?.[QUEUE_HEADER]),
    reason: text(headers?.[REASON_HEADER]),
    stack: text(headers?.[STACK_HEADER]),
    firstStartAt: micros(headers?.[FIRST_START_HEADER]),
    lastEndAt: micros(headers?.[LAST_END_HEADER]),
  };
}

function failedAttemptHeaders(
  headers: Headers | undefined,
  { queue, startedAt }: FailedAttempt,
): Record<string, unknown> {
  return {
    ...republishableHeaders(headers),
    [QUEUE_HEADER]: queue,
    [FIRST_START_HEADER]: micros(headers?.[FIRST_START_HEADER]) ?? startedAt,
  };
}

function bounded(value: string, most: number): string {
  return value.length <= most ? value : `${value.slice(0, most - 1)}…`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function micros(value: unknown): number | undefined {
  return isWithin(value, 1, Number.MAX_SAFE_INTEGER) ? value : undefined;
}
