import type { Failure } from '../message/dead-letter.js';
import { decodeEnvelope } from '../message/envelope.js';
import { WrittenJson } from '../values/written-json.js';
import { Expired } from './decode-task.js';
import { cut, pythonError, pythonRepr } from './python-text.js';
import { pythonFailure } from './result-message.js';

/** What Celery's monitors are told, in fields of Celery's own names. */
export const MONITOR_EXCHANGE = 'celeryev';
/** Several events in one message, as Celery's workers send those of tasks. */
export const TASK_EVENTS_KEY = 'task.multi';
/** Between two signs of life. Seconds; a monitor takes a worker for lost after twice as long. */
export const HEARTBEAT_SECONDS = 2;

/** Of a stack. Characters. */
const MOST_TRACEBACK = 8_000;
/** Bytes of a result that may come to as many characters as are shown of it. */
const MOST_RESULT_BYTES = 4_096;

/** Fields that an event of this kind has beside those of all events. */
export interface MonitorEvent {
  readonly type: `${'worker' | 'task'}-${string}`;
  /** Microseconds since the epoch. */
  readonly at: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Of a message that was delivered. */
export interface DeliveredCall {
  readonly headers: Readonly<Record<string, unknown>> | undefined;
  /** The task's full name, where it is known. */
  readonly name: string | undefined;
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
}

/** How a worker is. */
export interface WorkerState {
  /** Tasks that run. */
  readonly active: number;
  /** Tasks that were started. */
  readonly processed: number;
  /** Of the machine. */
  readonly loadavg: readonly number[];
  readonly version: string;
  readonly system: string;
}

export function workerFields({ active, processed, loadavg, version, system }: WorkerState) {
  return {
    freq: HEARTBEAT_SECONDS,
    active,
    processed,
    loadavg: loadavg.map((load) => Math.ceil(load * 100) / 100),
    sw_ident: 'fairq',
    sw_ver: version,
    sw_sys: system,
  };
}

export function receivedFields(uuid: string, { headers = {}, name, ...where }: DeliveredCall) {
  const { argsrepr, kwargsrepr, root_id, parent_id, eta, expires } = headers;
  return {
    uuid,
    name: name === undefined ? null : cut(name),
    args: textOf(argsrepr) ?? '',
    kwargs: textOf(kwargsrepr) ?? '',
    root_id: textOf(root_id) ?? null,
    parent_id: textOf(parent_id) ?? null,
    retries: retriesOf(headers),
    eta: textOf(eta) ?? null,
    expires: textOf(expires) ?? null,
    queue: where.queue,
    exchange: where.exchange,
    routing_key: where.routingKey,
  };
}

/** @param micros how long it ran */
export function succeededFields(uuid: string, value: unknown, micros: number) {
  return { uuid, result: shownResult(value), runtime: micros / 1e6 };
}

/** How the event of a failed attempt is called, and what it says. @param isLast no other attempt follows */
export function failedEvent(
  uuid: string,
  failure: Failure,
  isLast: boolean,
): Pick<MonitorEvent, 'type' | 'fields'> {
  if (failure.thrown instanceof Expired) {
    return { type: 'task-revoked', fields: { uuid, terminated: false, signum: null, expired: true } };
  }
  const { type, traceback } = pythonFailure(failure);
  const exception = pythonError(type, failure.reason);
  const fields = { uuid, exception, traceback: traceback?.slice(0, MOST_TRACEBACK) ?? null };
  return { type: isLast ? 'task-failed' : 'task-retried', fields };
}

/** Of who says it: each event has these. */
export interface Teller {
  readonly hostname: string;
  readonly pid: number;
  /** Hours that the local time is behind UTC, whole. */
  readonly utcoffset: number;
}

/** @param clock the logical moment */
export function encodeEvent({ type, at, fields }: MonitorEvent, teller: Teller, clock: number) {
  return { type, ...teller, clock, timestamp: at / 1e6, ...fields };
}

/** Attempts before this one: the application's own, and fairq's. */
function retriesOf(headers: Readonly<Record<string, unknown>>): number {
  const { retries } = headers;
  const own = typeof retries === 'number' && Number.isSafeInteger(retries) ? retries : 0;
  return own + (decodeEnvelope(headers).attempt ?? 1) - 1;
}

/** Anything may have been returned, and reading it may throw. */
function shownResult(value: unknown): string {
  try {
    if (value instanceof WrittenJson)
      return value.text.length > MOST_RESULT_BYTES ? cut(value.text) : pythonRepr(JSON.parse(value.text));
    if (value instanceof Uint8Array)
      return pythonRepr(new TextDecoder().decode(value.subarray(0, MOST_RESULT_BYTES)));
    return pythonRepr(value);
  } catch {
    return 'a result that cannot be shown';
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? cut(value) : undefined;
}
