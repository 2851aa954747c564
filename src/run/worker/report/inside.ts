import type { ServedQueue } from '../intake/served-queue.js';
import type { SharedFigures } from '../metrics/shared-metrics.js';
import type { TaskRun } from '../slots/task-run.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { TaskPath } from '../task-path.js';
import { sharedFiguresOf } from './worker-figures.js';

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
  /** What it has of users that share queues, and did for them. */
  readonly shared: SharedFigures;
}

export function insideOf(path: TaskPath): WorkerInside {
  const { runner, scheduler, intake } = path;
  const { completed, failed, retried } = runner.counts;
  const consumed = [...intake.served.byName.values()];
  return {
    running: runner.tasks,
    prefetched: prefetchedIn(consumed, scheduler.apart),
    queues: consumed.map(({ name }) => name),
    prefetch: consumed.reduce((sum, { prefetch }) => sum + prefetch, 0),
    ended: completed + failed + retried,
    get shared() {
      return sharedFiguresOf(path);
    },
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
