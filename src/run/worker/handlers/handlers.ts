import { isUtf8 } from 'node:buffer';
import { findByTask } from '../../../core/queues/fixed-queue.js';
import { WrittenJson } from '../../../core/values/written-json.js';

/** What a handler is told about its task beside the payload. */
export interface TaskContext {
  readonly user: string;
  readonly id: string;
  /** The task's name. */
  readonly type: string;
  readonly run: string;
  readonly attempt: number;
  /** Where the trace of its sender goes on, as its message says it: W3C Trace Context. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  /** Aborted when the worker gives the task up. */
  readonly signal: AbortSignal;
}

export interface Payload {
  readonly bytes: Buffer;
  readonly contentType: string;
  /** What the bytes hold, where that is known already. */
  readonly value?: unknown;
}

/**
 * Runs one task. Done when it returns, or when the promise that it returns is fulfilled; failed when
 * it throws or the promise is rejected. Synchronous handlers are called millions of times: a promise
 * is only awaited where there is one.
 */
export type Handler = (payload: Payload, context: TaskContext) => unknown;

export interface Handlers {
  /** The handler for tasks of this name, or undefined where nobody can run them. */
  find(type: string): Handler | undefined;
  /** What there is, for error messages. */
  readonly names: readonly string[];
  /** Whether a handler soon ends whose signal is aborted: then its slot is taken until it has. */
  readonly endsWhenTold?: boolean;
  /** Resolves when nothing runs any more that they have started. */
  allEnded?(): Promise<void>;
}

const BUILT_IN: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['noop', () => undefined],
  ['sleep', (payload) => sleep(durationOf(payload))],
  ['cpu', (payload) => burn(durationOf(payload))],
  [
    'fail',
    (payload) => {
      throw new Error(
        payload.bytes.length > 0 ? payload.bytes.toString('utf8').slice(0, 200) : 'asked to fail',
      );
    },
  ],
  [
    'echo',
    (payload) => (payload.contentType.startsWith('application/json') ? writtenJson(payload) : payload.bytes),
  ],
  ['double', (payload) => double(jsonOf(payload))],
]);

export const builtInHandlers: Handlers = {
  find: (type) => findByTask(type, (name) => BUILT_IN.get(name)),
  names: [...BUILT_IN.keys()],
};

/** Asks for no abort signal, which costs more than the rest of it, and keeps no process alive that is done. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** How long it takes to double a number, where the payload does not say. */
const DOUBLE_MS = 1_000;

/** Waits, then gives twice its input: the example of the set-ups that fairq comes from. */
async function double(payload: unknown): Promise<number> {
  const fields = typeof payload === 'object' && payload !== null ? payload : { input: payload };
  const { input, durationMs = DOUBLE_MS } = fields as { input?: unknown; durationMs?: unknown };
  if (typeof input !== 'number') {
    throw new Error('the payload is neither a number nor {"input": a number, "durationMs": …}');
  }
  await sleep(milliseconds(durationMs));
  return 2 * input;
}

/** Built-in tasks that take a time read it from a JSON payload: `{"durationMs": 5}`. */
function durationOf(payload: Payload): number {
  const value = jsonOf(payload);
  return milliseconds(
    typeof value === 'object' && value !== null && 'durationMs' in value && value.durationMs,
  );
}

function milliseconds(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= 86_400_000) return value;
  throw new Error('the payload has no "durationMs" from 0 to 86400000');
}

/**
 * What a handler has returned as a promise of Node's own, which rejects where its `then` throws; undefined for a value.
 *
 * @throws whatever the reading of `then` throws
 */
export function promiseOf(returned: unknown): Promise<unknown> | undefined {
  const isThenable =
    typeof returned === 'object' &&
    returned !== null &&
    'then' in returned &&
    typeof returned.then === 'function';
  return isThenable ? Promise.resolve(returned) : undefined;
}

/** Parses a payload. What V8 says of one that does not parse quotes it, and a payload is for nobody's log. */
export function jsonOf(payload: Payload): unknown {
  if (payload.value !== undefined) return payload.value;
  try {
    if (!isUtf8(payload.bytes)) throw new TypeError('not UTF-8');
    return JSON.parse(payload.bytes.toString('utf8'));
  } catch {
    throw new Error(`the payload (${payload.bytes.length} bytes) is not the JSON that it should be`);
  }
}

/** What it holds, as it was written there. */
function writtenJson(payload: Payload): WrittenJson {
  jsonOf(payload);
  return WrittenJson.of(payload.bytes.toString('utf8'));
}

function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
