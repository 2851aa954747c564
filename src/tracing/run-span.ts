import type { Context, Span } from '@opentelemetry/api';
import type { TraceContext } from '../core/message/trace-context.js';
import { type Api, failSpan, spanContextOf, tracerOf } from './open-telemetry.js';
import { attributesOf, type TracedTask } from './task-attributes.js';

/**
 * The span of one attempt of a task, active while its handler runs. It begins a trace of its own, with a link to where the
 * task was sent: a task may run hours after that, and several times.
 */
export class RunSpan {
  readonly #span: Span;
  readonly #context: Context;

  /** @param sent the trace that its message says */
  constructor(
    private readonly api: Api,
    task: TracedTask,
    sent: TraceContext | undefined,
  ) {
    const { ROOT_CONTEXT, SpanKind, trace } = api;
    const options = {
      kind: SpanKind.CONSUMER,
      attributes: attributesOf('run', task),
      links: sent === undefined ? [] : [{ context: spanContextOf(api, sent) }],
    };
    // Whatever is active now is another task's, or the worker's own.
    this.#span = tracerOf(api).startSpan(`run ${task.type}`, options, ROOT_CONTEXT);
    this.#context = trace.setSpan(ROOT_CONTEXT, this.#span);
  }

  within<T>(call: () => T): T {
    return this.api.context.with(this.#context, call);
  }

  /** @param failure undefined: it was done */
  end(failure: { readonly reason: string; readonly thrown?: unknown } | undefined): void {
    if (failure !== undefined) failSpan(this.api, this.#span, failure.reason, failure.thrown);
    this.#span.end();
  }
}
