import { type RunningAnswer, type ToldTask, toldText } from '../../../broker/control/running-question.js';
import { completeEnvelope, decodeEnvelope } from '../../../core/message/envelope.js';
import type { TaskAges } from '../../../core/reports/worker-report.js';
import type { TaskQueue } from '../task/delivered-task.js';
import type { TaskRun } from './task-run.js';

/**
 * What others are told of tasks that run here.
 *
 * @param runs in the order of their starts
 * @param startedBy only of those that had started by then; microseconds since the epoch
 */
export function longestRunning(
  runs: Iterable<TaskRun>,
  startedBy: number,
  limit: number,
): Pick<RunningAnswer, 'total' | 'tasks'> {
  const tasks: ToldTask[] = [];
  let total = 0;
  for (const run of runs) {
    if (run.startedAt > startedBy) break;
    total++;
    if (tasks.length < limit) tasks.push(told(run));
  }
  return { total, tasks };
}

export function told({ task, envelope, type, startedAt }: TaskRun): ToldTask {
  return {
    id: toldText(task.id),
    user: toldText(envelope.user),
    run: toldText(envelope.run),
    type: toldText(type),
    attempt: envelope.attempt,
    enqueued: envelope.intendedAt,
    started: startedAt,
  };
}

/** @param now microseconds since the epoch */
export function agesOf(
  runs: Iterable<TaskRun>,
  queues: Iterable<Pick<TaskQueue, 'lane'>>,
  now: number,
): TaskAges {
  const [longest] = runs;
  let sentFirst: number | undefined;
  for (const { lane } of queues) {
    const first = lane.prefetched.first;
    if (first === undefined) continue;
    const envelope = decodeEnvelope(first.message.properties.headers);
    const { intendedAt } = completeEnvelope(envelope, lane.user, first.arrivedAt);
    sentFirst = Math.min(sentFirst ?? intendedAt, intendedAt);
  }
  const age = (since: number | undefined) => since && Math.max(0, now - since) / 1e6;
  return { oldestRunning: age(longest?.startedAt), oldestWaiting: age(sentFirst) };
}
