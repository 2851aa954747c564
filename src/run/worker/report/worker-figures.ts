import type { WorkerReport, WorkerSnapshot } from '../../../core/reports/worker-report.js';
import type { SharedFigures } from '../metrics/shared-metrics.js';
import type { TaskPath } from '../task-path.js';
import { lightHere } from './light-here.js';

/** Of a worker's life. */
export interface Lifetime {
  readonly name: string;
  /** When it began, and when it had taken up every queue that there was; microseconds since the epoch. */
  readonly begunAt: number;
  readonly readyAt: number | null;
  /** Prefetched tasks that went back to the broker at the end. */
  readonly givenBack: number;
}

/** Before a worker has opened its channels. */
export const NOTHING_YET: WorkerSnapshot = {
  completed: 0,
  failed: 0,
  retried: 0,
  running: 0,
  held: 0,
  queues: 0,
  active: 0,
};

/** What a worker is doing, for progress. */
export function snapshotOf({ runner, scheduler, intake }: TaskPath): WorkerSnapshot {
  const { completed, failed, retried } = runner.counts;
  return {
    completed,
    failed,
    retried,
    running: runner.running,
    held: scheduler.prefetched + scheduler.waiting,
    queues: intake.served.byName.size,
    active: intake.activeUsers,
  };
}

/** Before a worker has opened its channels. */
export const NOTHING_SHARED_YET: SharedFigures = {
  light: { users: 0, tasks: 0 },
  promotions: { users: 0, movedTasks: 0, demoted: 0 },
};

/** What a worker has of light users, and did for those that became heavy. */
export function sharedFiguresOf({ intake, promotions, demotions }: TaskPath): SharedFigures {
  const { promoted, moved } = promotions;
  return {
    light: lightHere(intake.served.spread),
    promotions: { users: promoted, movedTasks: moved, demoted: demotions.demoted },
  };
}

/** What came of a worker, at its end. */
export function reportOf(path: TaskPath, { name, begunAt, readyAt, givenBack }: Lifetime): WorkerReport {
  const { runner, intake, outcomes, retries, rebalancer, limits } = path;
  const { completed, failed, retried, timedOut, firstStartAt, lastFinishAt, users } = runner.counts;
  const { smallest, largest } = intake.prefetch;
  const seconds =
    firstStartAt === undefined || lastFinishAt === undefined ? 0 : (lastFinishAt - firstStartAt) / 1e6;
  return {
    name,
    completed,
    // What no dead letter was written of is delivered again.
    failed: failed - outcomes.stuckLetters,
    retried,
    timedOut,
    readyAt,
    startUpSeconds: firstStartAt === undefined ? null : (firstStartAt - begunAt) / 1e6,
    seconds,
    perSecond: seconds > 0 ? (completed + failed + retried) / seconds : 0,
    users,
    givenBack,
    unconfirmed: outcomes.unconfirmed,
    notMoved: outcomes.stuck + retries.stuck,
    leftToOthers: rebalancer.shared,
    overlaps: limits.overlaps,
    promotions: sharedFiguresOf(path).promotions,
    holding: {
      most: intake.mostPrefetched,
      smallestWindow: smallest ?? null,
      largestWindow: largest?.size ?? null,
      reason: largest?.reason ?? null,
    },
  };
}
