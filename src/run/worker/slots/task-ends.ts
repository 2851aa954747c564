import { messageOf } from '../../../core/errors/errors.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import { attemptsBefore, type Failure } from '../../../core/message/dead-letter.js';
import { NonRetryableError } from '../../../core/message/non-retryable-error.js';
import { delayAfter, type RetryPolicy } from '../../../core/message/retry-policy.js';
import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { RunFailure } from '../task/run-failure.js';
import type { TaskCounts } from './task-counts.js';
import type { TaskRun } from './task-run.js';
import type { TimeCharges } from './time-charges.js';

/** Characters of why a task failed, and of its stack: whoever is told gets it in one message. */
const REASON_KEPT = 20_000;

export interface TaskEndsOptions {
  /** The worker's name. */
  readonly name: string;
  readonly retry: RetryPolicy;
  readonly times: TaskTimes;
}

export interface TaskEndsListener {
  /**
   * @param value what the handler returned, or its promise came to
   * @returns whether the task waits here for its next attempt
   */
  onFinished(run: TaskRun, event: TaskEvent, failure: RunFailure | undefined, value: unknown): boolean;
}

/** Says what an attempt came to: counts it, learns its time, and makes its event. */
export class TaskEnds {
  constructor(
    private readonly options: TaskEndsOptions,
    private readonly counts: TaskCounts,
    private readonly charges: TimeCharges,
    private readonly listener: TaskEndsListener,
  ) {}

  /**
   * @param finishedAt microseconds since the epoch
   * @returns whether the task waits here for its next attempt
   */
  end(run: TaskRun, finishedAt: number, failure: Failure | undefined, value: unknown): boolean {
    const { task, startedAt, envelope } = run;
    const { user, attempt } = envelope;
    const retryAfterMs = failure && this.#retryAfter(task, attempt, failure);
    const outcome = failure === undefined ? 'done' : retryAfterMs === undefined ? 'failed' : 'retrying';
    const ms = (finishedAt - startedAt) / 1000;
    this.counts.ended(user, outcome, startedAt, finishedAt);
    this.options.times.ended(task.lane, ms);
    this.charges.ended(run, ms);
    const event: TaskEvent = {
      id: task.id,
      user,
      run: envelope.run,
      sequence: envelope.sequence,
      attempt,
      outcome,
      worker: this.options.name,
      enqueued: envelope.intendedAt,
      sentLate: envelope.sentAt - envelope.intendedAt,
      started: startedAt,
      finished: finishedAt,
      redelivered: task.message.fields.redelivered,
      hasResult: false,
      traceparent: run.trace?.traceparent,
    };
    return this.listener.onFinished(run, event, failure && { ...failure, retryAfterMs }, value);
  }

  /** When to try again, milliseconds; undefined: never. */
  #retryAfter(task: DeliveredTask, attempt: number, { thrown }: Failure): number | undefined {
    if (thrown instanceof NonRetryableError) return undefined;
    const before = attemptsBefore(task.message.properties.headers);
    return delayAfter(this.options.retry, Math.max(1, attempt - before));
  }
}

/** What a handler has thrown, as far as it is kept. It may be anything, and reading it may throw. */
export function failureOf(thrown: unknown): Failure {
  try {
    return readFailure(thrown);
  } catch {
    return { reason: 'it threw something that cannot be read', thrown: undefined };
  }
}

function readFailure(error: unknown): Failure {
  if (error instanceof NonRetryableError) return { reason: error.message, thrown: error };
  // A handler may throw whatever it likes, with a stack that is no text.
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  return {
    reason: messageOf(error).slice(0, REASON_KEPT),
    stack: typeof stack === 'string' ? stack.slice(0, REASON_KEPT) : undefined,
    thrown: error,
  };
}
