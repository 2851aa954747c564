import type { TaskState } from '../events/task-state.js';
import { asWritten, memberText } from '../values/written-json.js';

/**
 * What a worker's answer says of a task, as Celery's `rpc://` backend writes it; undefined where the task has not
 * ended, and for what is no answer.
 */
export function readCeleryResult(
  body: string,
): Pick<TaskState, 'id' | 'state' | 'result' | 'error'> | undefined {
  const text = standardJson(body);
  const { task_id: id, status, result } = fieldsOf(parsed(text));
  if (typeof id !== 'string') return undefined;
  switch (status) {
    case 'SUCCESS':
      return { id, state: 'done', result: asWritten(result, memberText(text, 'result')) ?? null };
    case 'FAILURE':
    case 'REVOKED':
      return { id, state: 'failed', error: errorText(result, status) };
    default:
      return undefined;
  }
}

/** Python's exceptions: `ValueError: no such page`. */
function errorText(result: unknown, status: string): string {
  const { exc_type: type, exc_message: message } = fieldsOf(result);
  const parts = (Array.isArray(message) ? message : [message]).filter((part) => part !== undefined);
  const text = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(', ');
  return [typeof type === 'string' ? type : status, text].filter((part) => part !== '').join(': ');
}

/** Python writes NaN and Infinity into JSON, which has neither: null, as JSON makes of them elsewhere. */
function standardJson(body: string): string {
  return body.replace(/("(?:[^"\\]|\\.)*")|\bNaN\b|-?\bInfinity\b/g, (_, text) => text ?? 'null');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
