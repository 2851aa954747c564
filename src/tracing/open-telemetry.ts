import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';
import { readTraceContext, type TraceContext } from '../core/message/trace-context.js';
import { VERSION } from '../process/version.js';

export type Api = typeof OpenTelemetry;

/** Where every copy of the API of this major version looks for what an SDK has registered. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

const load = createRequire(import.meta.url);
let api: Api | undefined;

/**
 * The API, where somebody has registered a provider of traces; else nothing is to be done. An SDK may come at any
 * time, so it is asked for each task: that is a look at the global object. The API takes some 20 ms to load, and is not
 * loaded before there is an SDK.
 */
export function openTelemetry(): Api | undefined {
  const registered = (globalThis as { readonly [REGISTERED]?: { readonly trace?: unknown } })[REGISTERED];
  if (registered?.trace === undefined) return undefined;
  api ??= load('@opentelemetry/api') as Api;
  return api;
}

export function tracerOf({ trace }: Api): OpenTelemetry.Tracer {
  return trace.getTracer('fairq', VERSION);
}

/** What a message says to go on from a span; undefined for one that leads nowhere. */
export function traceOf({ isSpanContextValid }: Api, span: OpenTelemetry.Span): TraceContext | undefined {
  const context = span.spanContext();
  if (!isSpanContextValid(context)) return undefined;
  const flags = context.traceFlags.toString(16).padStart(2, '0');
  return readTraceContext(
    `00-${context.traceId}-${context.spanId}-${flags}`,
    context.traceState?.serialize(),
  );
}

/** The span that a message says: somebody else's. */
export function spanContextOf(
  { createTraceState }: Api,
  { traceparent, tracestate }: TraceContext,
): OpenTelemetry.SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  };
}

/** The trace of the span in which this is called; undefined where there is none. */
export function activeTrace(): TraceContext | undefined {
  const found = openTelemetry();
  const span = found?.trace.getActiveSpan();
  return found === undefined || span === undefined ? undefined : traceOf(found, span);
}

/** What went wrong, on a span. @param thrown what was thrown, if anything was */
export function failSpan({ SpanStatusCode }: Api, span: OpenTelemetry.Span, reason: string, thrown: unknown) {
  span.recordException(thrown instanceof Error ? thrown : reason);
  span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
}
