import { isSendTime } from '../values/sane-numbers.js';
import { type Headers, LAST_END_HEADER, QUEUE_HEADER } from './dead-letter.js';
import { ENVELOPE_HEADER, type Envelope, encodeEnvelope } from './envelope.js';
import { republishableHeaders } from './republishable.js';

/** When a task that waits is to start, microseconds since the epoch: it is no attempt that has failed. */
const DUE_HEADER = 'x-fairq-due';

/**
 * A delay queue has one delay, so that what waits in it is due in its order. A task that is due at some time
 * waits in one after the other, the longest that fits first: 30 at most within a day. Milliseconds.
 */
export const STEPS_MS: readonly number[] = [
  ...[100, 500, 2_000, 10_000, 60_000],
  ...[300_000, 1_800_000, 7_200_000, 43_200_000],
];

/** The next wait of a task that is due so much later; milliseconds. The last of all may end 0.1 s too late. */
export function stepTowards(leftMs: number): number {
  return STEPS_MS.findLast((step) => step <= leftMs) ?? STEPS_MS[0]!;
}

/**
 * The headers of a task on its way to its first wait. Its dwell counts from when it is due.
 *
 * @param now this and `dueAt`: microseconds since the epoch
 */
export function postponedHeaders(
  headers: Headers | undefined,
  queue: string,
  envelope: Envelope,
  dueAt: number,
  now: number,
): Record<string, unknown> {
  return {
    ...republishableHeaders(headers),
    ...waitingHeaders(queue, dueAt, now),
    [ENVELOPE_HEADER]: encodeEnvelope({ ...envelope, intendedAt: dueAt, sentAt: dueAt }),
  };
}

/**
 * What a task says, beside its envelope, that waits until it is due.
 *
 * @param queue that it goes to then
 * @param now   this and `dueAt`: microseconds since the epoch
 */
export function waitingHeaders(queue: string, dueAt: number, now: number): Record<string, unknown> {
  return { [QUEUE_HEADER]: queue, [DUE_HEADER]: dueAt, [LAST_END_HEADER]: now };
}

/** When a task that comes out of a delay queue is to start; undefined: it is an attempt that failed. */
export function dueOf(headers: Headers | undefined): number | undefined {
  const value = headers?.[DUE_HEADER];
  return isSendTime(value) ? value : undefined;
}
