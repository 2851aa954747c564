import { readTraceparent } from '../message/trace-context.js';
import { parsedObject } from '../values/parsed-object.js';
import { isClockTime, isWithin, MOST_ATTEMPTS } from '../values/sane-numbers.js';
import { runRecordOf } from './event-codec.js';
import { type GivenUpAttempt, givenUpOf } from './given-up.js';
import type { Outcome, RunRecord, TaskEvent } from './task-event.js';
import type { Whereabouts } from './whereabouts.js';

/**
 * A saved run: lines of JSON, each with its `kind`, as the event stream had them, in its order. Times are
 * microseconds since the Unix epoch. The first line says what the file is:
 *
 *     {"kind":"fairq-events","version":1,"run":"friday","saved":"2026-11-24T12:00:00.000Z","broker":"3.10.8"}
 *
 * `run` is null where there are several. Then, in any number and order:
 *
 *     {"kind":"beginning","at":1700000000000000}                   there is no history from before
 *     {"kind":"published","run","record","started","finished","tasks":[["A",30000],…]}
 *     {"kind":"outstanding","users":[["A",{"waiting":3,…}],…]}      where tasks were that had not completed
 *     {"kind":"completion","id","user","run","sequence","attempt","outcome","worker",
 *      "enqueued","sentLate","started","finished","redelivered","hasResult","traceparent"}
 *     {"kind":"given-up","id","user","run","attempt","worker","started","freeFrom","finished"}
 */
export const EVENT_FILE = 'fairq-events';
export const EVENT_FILE_VERSION = 1;

export interface EventFileHead {
  readonly version: number;
  readonly run: string | null;
  /** As ISO 8601. */
  readonly saved: string;
  /** The broker's version, where it is known. */
  readonly broker: string | null;
}

export type EventLine =
  | { readonly kind: 'head'; readonly head: EventFileHead }
  | { readonly kind: 'beginning'; readonly at: number }
  | { readonly kind: 'published'; readonly record: RunRecord }
  | { readonly kind: 'outstanding'; readonly users: ReadonlyMap<string, Whereabouts> }
  | { readonly kind: 'given-up'; readonly attempt: GivenUpAttempt }
  | { readonly kind: 'completion'; readonly event: TaskEvent };

const OUTCOMES: ReadonlySet<unknown> = new Set<Outcome>(['done', 'failed', 'retrying']);

export function headLine(head: EventFileHead): string {
  return JSON.stringify({ kind: EVENT_FILE, ...head });
}

export function beginningLine(at: number): string {
  return JSON.stringify({ kind: 'beginning', at });
}

export function completionLine(event: TaskEvent): string {
  return JSON.stringify({ kind: 'completion', ...event });
}

export function givenUpLine(attempt: GivenUpAttempt): string {
  return JSON.stringify({ kind: 'given-up', ...attempt });
}

export function publishedLine({ tasks, ...record }: RunRecord): string {
  return JSON.stringify({ kind: 'published', ...record, tasks: [...tasks] });
}

export function outstandingLine(users: ReadonlyMap<string, Whereabouts>): string {
  return JSON.stringify({ kind: 'outstanding', users: [...users] });
}

/** Undefined for a line that is none of these. */
export function readEventLine(line: string): EventLine | undefined {
  const fields = parsedObject(line);
  if (fields === undefined) return undefined;
  switch (fields.kind) {
    case 'completion':
      return isEvent(fields) ? { kind: 'completion', event: eventOf(fields) } : undefined;
    case 'published': {
      const record = runRecordOf(fields);
      return record && { kind: 'published', record };
    }
    case 'given-up': {
      const attempt = givenUpOf(fields);
      return attempt && { kind: 'given-up', attempt };
    }
    case 'beginning':
      return isClockTime(fields.at) ? { kind: 'beginning', at: fields.at } : undefined;
    case 'outstanding': {
      const users = whereaboutsIn(fields.users);
      return users && { kind: 'outstanding', users };
    }
    case EVENT_FILE:
      return { kind: 'head', head: headOf(fields) };
    default:
      return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function whereaboutsIn(value: unknown): ReadonlyMap<string, Whereabouts> | undefined {
  if (!Array.isArray(value)) return undefined;
  const users = new Map<string, Whereabouts>();
  for (const entry of value as unknown[]) {
    const [user, found] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof user !== 'string' || !isObject(found)) return undefined;
    const { waiting, running, retrying, missing, unknown } = found;
    const counts = [waiting, running, retrying, missing, unknown];
    if (!counts.every((count) => isWithin(count, 0, Number.MAX_SAFE_INTEGER))) return undefined;
    users.set(user, { waiting, running, retrying, missing, unknown } as Whereabouts);
  }
  return users;
}

function headOf({ version, run, saved, broker }: Record<string, unknown>): EventFileHead {
  return {
    version: typeof version === 'number' ? version : Number.NaN,
    run: typeof run === 'string' ? run : null,
    saved: typeof saved === 'string' ? saved : '',
    broker: typeof broker === 'string' ? broker : null,
  };
}

type Fields = Record<string, unknown>;

function isEvent(fields: Fields): fields is Fields & TaskEvent {
  const { id, user, run, worker, sequence, attempt, outcome, sentLate } = fields;
  return (
    typeof id === 'string' &&
    typeof user === 'string' &&
    typeof run === 'string' &&
    typeof worker === 'string' &&
    isWithin(sequence, 0, Number.MAX_SAFE_INTEGER) &&
    isWithin(attempt, 1, MOST_ATTEMPTS) &&
    OUTCOMES.has(outcome) &&
    isClockTime(fields.enqueued) &&
    isClockTime(fields.started) &&
    isClockTime(fields.finished) &&
    isWithin(sentLate, 0, Number.MAX_SAFE_INTEGER)
  );
}

/** Without what else a line may have. Written out: spread syntax takes a second more for a million of them. */
function eventOf(fields: Fields & TaskEvent): TaskEvent {
  return {
    id: fields.id,
    user: fields.user,
    run: fields.run,
    sequence: fields.sequence,
    attempt: fields.attempt,
    outcome: fields.outcome,
    worker: fields.worker,
    enqueued: fields.enqueued,
    sentLate: fields.sentLate,
    started: fields.started,
    finished: fields.finished,
    redelivered: fields.redelivered === true,
    hasResult: fields.hasResult === true,
    traceparent: readTraceparent(fields.traceparent),
  };
}
