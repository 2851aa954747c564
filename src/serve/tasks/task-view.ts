import { z } from 'zod';
import { CELERY_WORKER } from '../../core/celery/answered-by.js';
import type { TaskState } from '../../core/events/task-state.js';
import { timeOf } from '../http/times.js';

/** A moment, as RFC 3339 in UTC. */
const time = z.iso.datetime();

/** A task as the API shows it. What is not known is not there. */
export const TASK_VIEW = z
  .object({
    id: z.string(),
    state: z.enum(['queued', 'started', 'retrying', 'done', 'failed', 'expired']),
    user: z.string().optional(),
    task: z.string().optional().describe('its name'),
    queue: z.string().optional(),
    run: z.string().optional(),
    attempt: z.int().min(1).optional().describe('1 for the first'),
    worker: z.string().optional(),
    sentAt: time.optional(),
    runAt: time.optional().describe('it was sent to start then, and not before'),
    startedAt: time.optional(),
    finishedAt: time.optional(),
    retryAt: time.optional().describe('when its next attempt is due'),
    expiresAt: time.optional().describe('from then on its result is not kept'),
    result: z.unknown().optional().describe('what the handler returned; null for nothing'),
    resultBase64: z.string().optional().describe('the same, where it is bytes that are no text'),
    resultDropped: z.string().optional().describe('there was a result, and why it could not be kept'),
    error: z.string().optional().describe('why its last attempt failed'),
    traceparent: z.string().optional().describe('where the trace of its request goes on; W3C Trace Context'),
    warning: z.string().optional(),
  })
  .meta({ id: 'Task' });

/** The members of the document; one of them may be a `WrittenJson`. */
export function taskView(state: TaskState, warning?: string): Record<string, unknown> {
  const {
    id,
    state: name,
    user,
    task,
    enqueued,
    started,
    finished,
    due,
    retryAt,
    expires,
    heldBack,
    ...rest
  } = state;
  const at = (micros: number | undefined) => timeOf(micros) ?? undefined;
  return {
    id,
    state: name,
    user,
    task,
    ...rest,
    sentAt: at(enqueued),
    // Celery does not say when a task has started.
    startedAt: state.worker === CELERY_WORKER ? undefined : at(started),
    finishedAt: at(finished),
    runAt: at(due),
    retryAt: at(retryAt),
    expiresAt: at(expires),
    ...(heldBack !== undefined && {
      heldBack: { ...heldBack, since: at(heldBack.since), until: at(heldBack.until) },
    }),
    warning,
  };
}
