import type { Failure } from '../../../core/message/dead-letter.js';
import {
  completeEnvelope,
  decodeEnvelope,
  type Envelope,
  envelopeFault,
} from '../../../core/message/envelope.js';
import { type TraceContext, traceContextIn } from '../../../core/message/trace-context.js';
import type { Gate } from '../../../core/scheduling/gate.js';
import { type Api, openTelemetry } from '../../../tracing/open-telemetry.js';
import { RunSpan } from '../../../tracing/run-span.js';
import type { Handler, Payload, TaskContext } from '../handlers/handlers.js';
import type { DeliveredTask } from '../task/delivered-task.js';

/** A task in a slot. */
export class TaskRun {
  /** It has been counted; what its handler still does changes nothing. */
  ended = false;
  /** The name of its handler, as soon as its message has been read. */
  type = '';
  #span: RunSpan | undefined;
  #abort: AbortController | undefined;
  #givenUp: Error | undefined;

  /** Read when the task starts: one that is prefetched for long should take little memory. */
  readonly envelope: Envelope;
  /** What of the envelope that came with it makes no sense. */
  readonly envelopeFault: string | undefined;
  /** Where its sender's trace goes on. */
  readonly trace: TraceContext | undefined;

  constructor(
    readonly task: DeliveredTask,
    /** Microseconds since the epoch. */
    readonly startedAt: number,
    /** What its user has been charged for it so far. */
    public charged: number,
    /** What has let it go; told when it has ended. */
    public gate?: Gate,
  ) {
    // What it does not say counts from its arrival here.
    const { headers } = task.message.properties;
    const found = decodeEnvelope(headers);
    this.trace = traceContextIn(headers);
    this.envelopeFault = envelopeFault(headers, found);
    const envelope = completeEnvelope(found, task.lane.user, task.arrivedAt);
    this.envelope = task.attempt === undefined ? envelope : { ...envelope, attempt: task.attempt };
  }

  /** Its message has been read. @param type the name of its handler */
  begins(type: string): void {
    this.type = type;
    const api = openTelemetry();
    if (api !== undefined) this.#span = this.#newSpan(api);
  }

  call(handler: Handler, payload: Payload): unknown {
    const context = new RunContext(this, this.type);
    if (this.#span === undefined) return handler(payload, context);
    return this.#span.within(() => handler(payload, context));
  }

  /** @param failure undefined: it is done */
  ends(failure: Failure | undefined): void {
    if (!this.ended) this.gate?.ended();
    this.ended = true;
    this.#span?.end(failure);
    this.#span = undefined;
  }

  /** Nobody waits for it any more, and its handler is told. */
  giveUp(reason: Error): void {
    this.ends({ reason: reason.message, thrown: reason });
    this.tell(reason);
  }

  /** Tells its handler to end, by the abort signal, now or when it asks. */
  tell(reason: Error): void {
    this.#givenUp ??= reason;
    this.#abort?.abort(this.#givenUp);
  }

  /** Whether its handler has been told to end. */
  get told(): boolean {
    return this.#givenUp !== undefined;
  }

  #newSpan(api: Api): RunSpan {
    const { task, envelope, type, trace } = this;
    const { user, run, attempt } = envelope;
    return new RunSpan(api, { id: task.id, type, user, run, attempt, queue: task.queue.name }, trace);
  }

  /** Most handlers never look at the signal, and making one costs as much as a small task: made on demand. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#givenUp !== undefined) this.#abort.abort(this.#givenUp);
    }
    return this.#abort.signal;
  }
}

/** What the handler of a running task is told. */
export class RunContext implements TaskContext {
  readonly user: string;
  readonly id: string;
  readonly run: string;
  readonly attempt: number;
  readonly #run: TaskRun;

  constructor(
    run: TaskRun,
    readonly type: string,
  ) {
    const { envelope, task } = run;
    this.user = envelope.user;
    this.id = task.id;
    this.run = envelope.run;
    this.attempt = envelope.attempt;
    this.#run = run;
  }

  get traceparent(): string | undefined {
    return this.#run.trace?.traceparent;
  }

  get tracestate(): string | undefined {
    return this.#run.trace?.tracestate;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }
}
