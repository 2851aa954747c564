import type { TaskEvent } from '../../../core/events/task-event.js';
import type { FailedAttempt } from '../../../core/message/dead-letter.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import { returnsTo } from '../task/returns-to.js';
import type { RunFailure } from '../task/run-failure.js';

/** A failure after which the task is tried again. */
export type RetriedFailure = RunFailure & { readonly retryAfterMs: number };

/** What has become of a task that was delivered here. */
export type Outcome =
  /** @property value what its handler returned, or its promise came to */
  | { readonly kind: 'done'; readonly event: TaskEvent; readonly value: unknown }
  /** It waits in a delay queue for its next attempt. */
  | { readonly kind: 'retry'; readonly event: TaskEvent; readonly failure: RetriedFailure }
  /** It waits here, unacknowledged, for its next attempt: no later task of its user is to overtake it. */
  | { readonly kind: 'stays'; readonly event: TaskEvent; readonly failure: RetriedFailure }
  | { readonly kind: 'dead letter'; readonly event: TaskEvent; readonly failure: RunFailure }
  /** It was not to start yet. @property dueAt microseconds since the epoch */
  | { readonly kind: 'postponed'; readonly dueAt: number }
  /** It is delivered again after it was done: its completion is written once more. */
  | { readonly kind: 'done before'; readonly event: TaskEvent };

/** @param ordered failed tasks wait where they are, with `--ordered` */
export function outcomeOf(
  event: TaskEvent,
  failure: RunFailure | undefined,
  value: unknown,
  ordered: boolean,
): Outcome {
  if (failure === undefined) return { kind: 'done', event, value };
  if (!isRetried(failure)) return { kind: 'dead letter', event, failure };
  return { kind: ordered ? 'stays' : 'retry', event, failure };
}

/** What a failed task carries on of its attempt. */
export function attemptOf({ queue }: DeliveredTask, event: TaskEvent): FailedAttempt {
  const { user, run, sequence, attempt, enqueued, sentLate, started, finished } = event;
  return {
    queue: returnsTo(queue),
    envelope: { user, run, sequence, attempt, intendedAt: enqueued, sentAt: enqueued + sentLate },
    startedAt: started,
    endedAt: finished,
  };
}

function isRetried(failure: RunFailure): failure is RetriedFailure {
  return failure.retryAfterMs !== undefined;
}
