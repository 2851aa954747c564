import { isClockTime, isWithin, MOST_ATTEMPTS } from '../values/sane-numbers.js';
import { asWritten, memberText } from '../values/written-json.js';
import type { Outcome, TaskEvent } from './task-event.js';

/**
 * What became of a task, as it is kept in the stream of results: a JSON object a line, a few lines a message.
 * Times are microseconds since the Unix epoch.
 *
 *     {"id","attempt","outcome","finished","expires","value":…}     what its handler returned
 *     {…,"base64":"…"}                                              the same, where it is bytes that are no text
 *     {…,"dropped":"why"}                                           there was a value, and it cannot be kept
 *     {…,"error":"why","retryAfterMs":1000}                         it failed, and is tried again maybe
 */
export const RESULTS = 'fairq.results';

/** The stream drops what is older, and a result is never shown for longer. */
export const MOST_RESULT_TTL_MS = 24 * 3_600_000;

export interface TaskResult {
  readonly id: string;
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly finished: number;
  /** From then on it is not shown. */
  readonly expires: number;
  /** A `WrittenJson` where JavaScript would write it in another way. */
  readonly value?: unknown;
  readonly base64?: string;
  readonly dropped?: string;
  readonly error?: string;
  readonly retryAfterMs?: number;
}

/** Of a failure's reason; characters. */
const REASON_KEPT = 2_000;

/** What a task returned, ready to be kept. */
export type KeptValue = Pick<TaskResult, 'base64' | 'dropped'> & {
  /** As JSON text. */
  readonly json?: string;
};

/** A task that has returned something. */
export function valueLine(event: TaskEvent, expires: number, { json, ...rest }: KeptValue): string {
  const head = JSON.stringify({ ...headOf(event, expires), ...rest });
  return json === undefined ? head : `${head.slice(0, -1)},"value":${json}}`;
}

/** A task that has failed. */
export function errorLine(
  event: TaskEvent,
  expires: number,
  reason: string,
  retryAfterMs: number | undefined,
): string {
  return JSON.stringify({ ...headOf(event, expires), error: reason.slice(0, REASON_KEPT), retryAfterMs });
}

function headOf({ id, attempt, outcome, finished }: TaskEvent, expires: number) {
  return { id, attempt, outcome, finished, expires };
}

/** Undefined for a line that no version of fairq has written. */
export function readResultLine(line: string): TaskResult | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isResult(fields)) return undefined;
  const { value } = fields;
  return value === undefined ? fields : { ...fields, value: asWritten(value, memberText(line, 'value')) };
}

function isResult(value: unknown): value is TaskResult {
  if (typeof value !== 'object' || value === null) return false;
  const { id, attempt, outcome, finished, expires, base64, dropped, error, retryAfterMs } = value as Record<
    string,
    unknown
  >;
  return (
    typeof id === 'string' &&
    isWithin(attempt, 1, MOST_ATTEMPTS) &&
    (outcome === 'done' || outcome === 'failed' || outcome === 'retrying') &&
    isClockTime(finished) &&
    isClockTime(expires) &&
    [base64, dropped, error].every((text) => text === undefined || typeof text === 'string') &&
    (retryAfterMs === undefined || (typeof retryAfterMs === 'number' && retryAfterMs >= 0))
  );
}
