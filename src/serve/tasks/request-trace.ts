import { readTraceContext } from '../../core/message/trace-context.js';
import type { DispatchedTask } from '../../run/publish/dispatch/dispatcher.js';

/** The task, with the trace that its request says it is part of. One that is not as it has to be is left out. */
export function tracedBy(headers: Headers, task: DispatchedTask): DispatchedTask {
  const trace = readTraceContext(headers.get('traceparent'), headers.get('tracestate'));
  return trace === undefined ? task : { ...task, trace };
}
