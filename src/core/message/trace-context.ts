/**
 * Where a task stands in somebody's trace: W3C Trace Context. A message has it in two headers of the same names as
 * those of HTTP, beside the envelope. Anybody may write them: what is not as it has to be is as good as none.
 */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** Members of a tracestate, and its characters: what W3C asks everybody to carry. */
const MOST_MEMBERS = 32;
const MOST_STATE = 512;

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** A later version may have more after the flags, but not so much. Characters. */
const MOST_PARENT = 256;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
/** Only this flag is known: the trace is recorded. */
const SAMPLED = 1;

const KEY = /^[a-z0-9][a-z0-9_*/-]{0,255}$/;
const TENANT_KEY = /^[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}$/;
/** Printable ASCII without comma and equals sign; the last is no space. */
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** What the headers of a message say. Asked for every task that starts: most have none. */
export function traceContextIn(
  headers: Readonly<Record<string, unknown>> | undefined,
): TraceContext | undefined {
  const traceparent = headers?.traceparent;
  return traceparent === undefined ? undefined : readTraceContext(traceparent, headers?.tracestate);
}

/** Undefined where the traceparent is none. A tracestate that is none is left out. */
export function readTraceContext(traceparent: unknown, tracestate?: unknown): TraceContext | undefined {
  const parent = readTraceparent(traceparent);
  if (parent === undefined) return undefined;
  const state = readTracestate(tracestate);
  return { traceparent: parent, ...(state !== undefined && { tracestate: state }) };
}

/** As version 00 writes it, which a later version can be read as. */
export function readTraceparent(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MOST_PARENT) return undefined;
  const [, version, trace, span, flags = '', more] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || version === 'ff' || trace === NO_TRACE || span === NO_SPAN) return undefined;
  if (version === '00') return more === undefined ? value : undefined;
  return `00-${trace}-${span}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}

function readTracestate(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MOST_STATE) return undefined;
  const members = value
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  if (members.length === 0 || members.length > MOST_MEMBERS || keys.size < members.length) return undefined;
  return members.every(isMember) ? members.join(',') : undefined;
}

function isMember(member: string): boolean {
  const at = member.indexOf('=');
  const key = member.slice(0, Math.max(0, at));
  return (KEY.test(key) || TENANT_KEY.test(key)) && VALUE.test(member.slice(at + 1));
}
