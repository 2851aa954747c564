import { messageOf } from '../errors/errors.js';
import type { Failure } from '../message/dead-letter.js';
import { NonRetryableError, WorkerKiller } from '../message/non-retryable-error.js';
import { jsonText, WrittenJson } from '../values/written-json.js';
import { Expired } from './decode-task.js';
import { moduleOfError, pythonTraceback } from './python-text.js';

/** What Celery's `rpc://` result backend reads. */
interface ResultMessage {
  readonly task_id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'RETRY' | 'REVOKED';
  readonly result: unknown;
  readonly traceback: string | null;
  readonly children: readonly never[];
}

interface PythonError {
  readonly exc_type: string;
  readonly exc_message: readonly string[];
  readonly exc_module: string | null;
}

/** A handler's value as Python gets it: nothing is None, and bytes are the text that they hold. */
export function encodeSuccess(id: string, value: unknown): string {
  const result = value instanceof Uint8Array ? new TextDecoder().decode(value) : (value ?? null);
  try {
    return encode(id, 'SUCCESS', result, null);
  } catch (error) {
    const failure = errorOf('EncodeError', `the result is no JSON: ${messageOf(error)}`, 'kombu.exceptions');
    return encode(id, 'FAILURE', failure, null);
  }
}

/** @param isLast no other attempt follows */
export function encodeFailure(id: string, { reason, stack, thrown }: Failure, isLast: boolean): string {
  if (thrown instanceof Expired) {
    return encode(id, 'REVOKED', errorOf('TaskRevokedError', 'expired', 'celery.exceptions'), null);
  }
  const status = isLast ? 'FAILURE' : 'RETRY';
  const { type, module, traceback } = pythonFailure({ reason, stack, thrown });
  return encode(id, status, errorOf(type, reason, module), traceback);
}

/** A failure as an exception of Python's. */
export function pythonFailure({ reason, stack, thrown }: Failure): {
  readonly type: string;
  readonly module: string | null;
  readonly traceback: string | null;
} {
  if (thrown instanceof WorkerKiller) {
    return { type: 'WorkerLostError', module: 'billiard.exceptions', traceback: null };
  }
  if (thrown instanceof NonRetryableError) {
    return { type: 'InvalidTaskError', module: 'celery.exceptions', traceback: null };
  }
  const type = nameOf(thrown);
  const traceback = stack === undefined ? null : pythonTraceback(stack, `${type}: ${reason}`);
  return { type, module: moduleOfError(type), traceback };
}

function encode(
  task_id: string,
  status: ResultMessage['status'],
  result: unknown,
  traceback: string | null,
): string {
  // What has no JSON, such as a function, would be left out, and Celery looks for it.
  const isKnown = result instanceof WrittenJson || JSON.stringify(result) !== undefined;
  const message: ResultMessage = {
    task_id,
    status,
    result: isKnown ? result : null,
    traceback,
    children: [],
  };
  return jsonText(message);
}

function errorOf(exc_type: string, message: string, exc_module: string | null): PythonError {
  return { exc_type, exc_message: [message], exc_module };
}

/** A name that Python takes for one; anything may have been thrown. Nothing was where the time was over. */
function nameOf(thrown: unknown): string {
  if (thrown === undefined) return 'TimeoutError';
  const name: unknown = thrown instanceof Error ? thrown.name : undefined;
  return typeof name === 'string' && /^[A-Za-z_]\w{0,99}$/.test(name) ? name : 'Error';
}
