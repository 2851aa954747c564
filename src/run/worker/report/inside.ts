import type { ServedQueue } from '../intake/served-queue.js';
import type { TaskRun } from '../slots/task-run.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { TaskPath } from '../task-path.js';

/** What a worker has at the moment, task by task. */
export interface WorkerInside {
  /** Tasks in slots. */
  readonly running: Iterable<TaskRun>;
  /** Tasks that wait here for their turn. */
  readonly prefetched: Iterable<DeliveredTask>;
  /** Names of the queues that it consumes. */
  readonly queues: readonly string[];
  /** Tasks that may be unacknowledged here, over all queues. */
  readonly prefetch: number;
  /** Attempts that have ended here. */
  readonly ended: number;
}

export function insideOf({ runner, scheduler, intake }: TaskPath): WorkerInside {
  const { completed, failed, retried } = runner.counts;
  const consumed = [...intake.served.byName.values()];
  return {
    running: runner.tasks,
    prefetched: prefetchedIn(consumed, scheduler.apart),
    queues: consumed.map(({ name }) => name),
    prefetch: consumed.reduce((sum, { prefetch }) => sum + prefetch, 0),
    ended: completed + failed + retried,
  };
}

function* prefetchedIn(
  queues: Iterable<Pick<ServedQueue, 'users'>>,
  apart: Iterable<DeliveredTask>,
): Iterable<DeliveredTask> {
  for (const { users } of queues) {
    for (const { lane } of users) yield* lane.prefetched;
  }
  yield* apart;
}
