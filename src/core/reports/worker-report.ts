import type { PrefetchReason } from '../scheduling/prefetch.js';

export interface WorkerReport {
  readonly name: string;
  readonly completed: number;
  /** For good: they are dead letters. */
  readonly failed: number;
  /** Failed attempts that will be followed by another. */
  readonly retried: number;
  /** Of both, those that ran for longer than they may. */
  readonly timedOut: number;
  /** When it had taken up every queue that there was; microseconds since the epoch. */
  readonly readyAt: number | null;
  /** From its begin, connected, to the start of its first task; null where it has started none. */
  readonly startUpSeconds: number | null;
  /** From the start of its first task to the end of its last. */
  readonly seconds: number;
  readonly perSecond: number;
  readonly users: number;
  /** Held tasks that went back to the broker at the end. */
  readonly givenBack: number;
  /** Tasks that ended here, and whose completion the broker had not confirmed: they are delivered again. */
  readonly unconfirmed: number;
  /** Failed tasks that could not be sent to where they wait, back to their queue, or to the dead letters: they are delivered again. */
  readonly notMoved: number;
  /** Held tasks that went back to the broker because another worker had free slots for them. */
  readonly leftToOthers: number;
  /** Tasks that ran on when their permits had been lost, and others might have them. */
  readonly overlaps: number;
  /** What it did for light users that became heavy, and for heavy ones that had nothing left. */
  readonly promotions: WorkerPromotions;
  readonly holding: Holding;
}

/** What it held, delivered and not started, and why. */
export interface Holding {
  /** The most at once. */
  readonly most: number;
  /** Unacknowledged tasks that one queue might have here: the smallest and the largest limit. */
  readonly smallestWindow: number | null;
  readonly largestWindow: number | null;
  /** What set the largest. */
  readonly reason: PrefetchReason | null;
}

/** Of a worker that was stopped before it had begun. */
export function reportOfNothing(name: string): WorkerReport {
  const holding = { most: 0, smallestWindow: null, largestWindow: null, reason: null };
  return {
    name,
    completed: 0,
    failed: 0,
    retried: 0,
    timedOut: 0,
    users: 0,
    givenBack: 0,
    promotions: { users: 0, movedTasks: 0, demoted: 0 },
    leftToOthers: 0,
    overlaps: 0,
    unconfirmed: 0,
    notMoved: 0,
    readyAt: null,
    startUpSeconds: null,
    seconds: 0,
    perSecond: 0,
    holding,
  };
}

export interface WorkerSnapshot {
  readonly completed: number;
  readonly failed: number;
  readonly retried: number;
  readonly running: number;
  readonly held: number;
  /** Queues that it consumes. */
  readonly queues: number;
  /** Users with tasks here. */
  readonly active: number;
}

/** Of a worker's tasks; undefined where there are none. Seconds. */
export interface TaskAges {
  /** How long the task has run that started first. */
  readonly oldestRunning: number | undefined;
  /** How long the task has waited, since it was sent, that was sent first of those that were delivered and have not started. */
  readonly oldestWaiting: number | undefined;
}

/** What a worker did where light users share queues. */
export interface WorkerPromotions {
  /** That had no queue before it made one. Two workers that do so at the same moment may both count a user. */
  readonly users: number;
  /** To queues that their users have now, whoever made these. */
  readonly movedTasks: number;
  /** Queues that it took away. */
  readonly demoted: number;
}
