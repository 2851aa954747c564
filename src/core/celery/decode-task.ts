import { NonRetryableError } from '../message/non-retryable-error.js';
import { republishableText } from '../message/republishable.js';
import { isSendTime } from '../values/sane-numbers.js';
import { elementTexts, memberText } from '../values/written-json.js';

/**
 * Celery's task messages, as workers of Celery 3.1 to 5 read them. In protocol 2 the headers say which task it is
 * and the body is `[args, kwargs, embed]`; in protocol 1 the body says everything.
 */
type Headers = Readonly<Record<string, unknown>>;

/** What a task is called with. */
export interface CeleryCall {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

export interface CeleryTask extends CeleryCall {
  /** Full, such as `tasks.double`. */
  readonly name: string;
  /** Not to be started before; this and the next: microseconds since the epoch. */
  readonly etaAt: number | undefined;
  /** When it is worth nothing any more. */
  readonly expiresAt: number | undefined;
}

/** What its results are called: only Celery's own worker knows what to do after such a task. */
const SEQUELS = ['chain', 'chord', 'callbacks', 'errbacks'] as const;

/** Its time is over; Celery calls such a task revoked. */
export class Expired extends NonRetryableError {
  override readonly name = 'Expired';
}

/**
 * @param body parsed
 * @throws NonRetryableError where it is no Celery task, or one that only Celery's worker can run
 */
export function decodeTask(headers: Headers | undefined, body: unknown): CeleryTask {
  const [args, kwargs, embed, about] = parts(headers ?? {}, body);
  const { task: name, eta, expires } = about;
  if (typeof name !== 'string' || name === '') {
    throw new NonRetryableError('neither its headers nor its body say which Celery task it is');
  }
  if (!Array.isArray(args) || !isTable(kwargs)) {
    throw new NonRetryableError('its body is no Celery task: args are not a list, or kwargs not a table');
  }
  const sequels = SEQUELS.filter((name) => isFull(embed[name]));
  if (sequels.length > 0) {
    throw new NonRetryableError(
      `other tasks hang on its result (${sequels.join(', ')}): Celery's own worker has to run it`,
    );
  }
  return { name, args, kwargs, etaAt: timeOf(eta, 'eta'), expiresAt: timeOf(expires, 'expires') };
}

/** What a task is called with as its message says it; nothing where a message of protocol 1 says nothing. */
export function writtenCall(body: string): {
  readonly args?: string | undefined;
  readonly kwargs?: string | undefined;
} {
  if (/^\s*\{/.test(body)) {
    const written = (name: string) => (memberText(body, name) ?? 'null').replace(/^null$/, '') || undefined;
    return { args: written('args'), kwargs: written('kwargs') };
  }
  const [args, kwargs] = elementTexts(body);
  return { args, kwargs };
}

/** A task that was to run after another; where its result was to go, if it says so. */
export interface ChainedTask {
  readonly id: string;
  readonly replyTo: string | undefined;
}

/** What was to follow a task, by the body of its message. */
export function chainedTasks(headers: Headers | undefined, body: unknown): ChainedTask[] {
  const [, , { chain }] = parts(headers ?? {}, body);
  if (!Array.isArray(chain)) return [];
  return chain.flatMap((task) => {
    const options = isTable(task) && isTable(task.options) ? task.options : {};
    const id = republishableText(options.task_id);
    return id ? [{ id, replyTo: republishableText(options.reply_to) }] : [];
  });
}

/**
 * When a task of protocol 2 is to start; microseconds since the epoch, undefined: at once. A time that makes no
 * sense comes to light when it is decoded.
 */
export function etaOf(headers: Headers | undefined): number | undefined {
  return instantOf(headers?.eta);
}

/** args, kwargs, what is embedded, and where the name and the times are. */
function parts(headers: Headers, body: unknown): [unknown, unknown, Headers, Headers] {
  if (Array.isArray(body) && 'task' in headers) {
    const [args, kwargs, embed] = body;
    return [args, kwargs, isTable(embed) ? embed : {}, headers];
  }
  // Between the protocols there were messages that have both: headers win.
  if (isTable(body)) return [body.args ?? [], body.kwargs ?? {}, body, { ...body, ...present(headers) }];
  throw new NonRetryableError('its body is no Celery task: neither [args, kwargs, embed] nor a table');
}

function present(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFull(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function timeOf(value: unknown, what: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const instant = instantOf(value);
  if (instant === undefined) {
    throw new NonRetryableError(`its ${what} is no time: ${JSON.stringify(value)?.slice(0, 60)}`);
  }
  return instant;
}

/** Python's `isoformat`; without an offset it is UTC, as Celery writes times unless it is told otherwise. */
function instantOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  if (found === null) return undefined;
  const [, date, time, fraction = '', offset = 'Z'] = found;
  const micros = Date.parse(`${date}T${time}${offset}`) * 1000 + Number(fraction.padEnd(6, '0'));
  return isSendTime(micros) ? micros : undefined;
}

/** Whether the result is of no interest to who has sent the task. */
export function ignoresResult(headers: Headers | undefined): boolean {
  return headers?.ignore_result === true;
}
