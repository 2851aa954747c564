import type { Context } from '@opentelemetry/api';
import { messageOf } from '../core/errors/errors.js';
import type { TraceContext } from '../core/message/trace-context.js';
import { type Api, failSpan, spanContextOf, traceOf, tracerOf } from './open-telemetry.js';
import { attributesOf, type TracedTask } from './task-attributes.js';

/**
 * Sends a task within a span, which ends when the broker has confirmed it or it is known to fail.
 *
 * @param given the trace that whoever sends it has named
 * @param send  sends it with the trace of the span
 */
export async function sendWithin(
  api: Api,
  task: TracedTask,
  given: TraceContext | undefined,
  send: (trace: TraceContext | undefined) => Promise<void>,
): Promise<void> {
  const options = { kind: api.SpanKind.PRODUCER, attributes: attributesOf('send', task) };
  const span = tracerOf(api).startSpan(`send ${task.type}`, options, parentOf(api, given));
  try {
    await send(traceOf(api, span) ?? given);
  } catch (error) {
    failSpan(api, span, messageOf(error), error);
    throw error;
  } finally {
    span.end();
  }
}

/** The span of the caller, unless it names another trace. Within the trace that it names, its own span is nearer. */
function parentOf(api: Api, given: TraceContext | undefined): Context {
  const active = api.context.active();
  if (given === undefined) return active;
  const remote = spanContextOf(api, given);
  if (api.trace.getSpanContext(active)?.traceId === remote.traceId) return active;
  return api.trace.setSpanContext(active, remote);
}
