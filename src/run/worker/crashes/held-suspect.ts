import type { ToldHeldTask } from '../../../broker/control/held-answer.js';
import { toldText } from '../../../broker/control/running-question.js';
import { completeEnvelope, decodeEnvelope } from '../../../core/message/envelope.js';
import { counted } from '../../../core/reports/finding.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { SuspectPlace } from './suspects.js';

/** A detail names so many tasks. */
const MOST_NAMED = 3;

/**
 * What others are told of a task that is held back.
 *
 * @param knownInMs until it is known whether the workers live at which it was started
 * @param now microseconds since the epoch
 */
export function toldHeld(
  task: DeliveredTask,
  { forMs, freshFirstMs, ahead, crashes }: SuspectPlace,
  knownInMs: number,
  now: number,
): ToldHeldTask {
  const found = decodeEnvelope(task.message.properties.headers);
  const { user, run, attempt, intendedAt } = completeEnvelope(found, task.lane.user, task.arrivedAt);
  const waitMs = Math.max(freshFirstMs, crashes === undefined ? knownInMs : 0);
  return {
    user: toldText(user),
    run: toldText(run),
    attempt: task.attempt ?? attempt,
    enqueued: intendedAt,
    since: Math.round(now - forMs * 1_000),
    until: Math.round(now + waitMs * 1_000),
    ahead,
    deaths: crashes,
  };
}

export function describeHeldBack(tasks: readonly DeliveredTask[], silenceMs: number): string {
  const [they, them] = tasks.length === 1 ? ['it', 'it'] : ['they', 'them'];
  return `${named(tasks)} held back, since a worker that had started ${them} is gone: ${they} may run when nothing was heard of that worker for ${silenceMs / 1_000} s, or when it is heard again`;
}

export function describeJudged(tasks: readonly DeliveredTask[], deaths: number): string {
  const [they, them] = tasks.length === 1 ? ['it', 'it'] : ['they', 'them'];
  if (deaths === 0) return `${named(tasks)} held back no longer: the worker that had started ${them} lives`;
  return `${named(tasks)} next when nothing else is held here: ${counted(deaths, 'worker')} died while ${they} ran`;
}

function named(tasks: readonly DeliveredTask[]): string {
  const names = tasks
    .slice(0, MOST_NAMED)
    .map(({ id, lane }) => `${toldText(id)} of user ${JSON.stringify(toldText(lane.user))}`);
  const more = tasks.length > MOST_NAMED ? ` and ${counted(tasks.length - MOST_NAMED, 'other')}` : '';
  return `${tasks.length === 1 ? 'task' : 'tasks'} ${names.join(', ')}${more} ${tasks.length === 1 ? 'is' : 'are'}`;
}
