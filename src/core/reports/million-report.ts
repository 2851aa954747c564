import type { BenchCheck, BenchFigure } from './bench-report.js';

/** How large the loads of `bench million` are. */
export interface MillionSizes {
  /** Users that nobody has seen, and the tasks of each. */
  readonly newUsers: number;
  readonly tasksEach: number;
  /** Users who had a task each, which is done. */
  readonly idleUsers: number;
  /** Users with tasks by Zipf's law, of whom some send many more at once. */
  readonly crowd: {
    readonly users: number;
    readonly tasks: number;
    readonly bursts: number;
    readonly burstTasks: number;
  };
  /** Users with a few tasks each, one user with many, and how long their tasks take. */
  readonly burst: {
    readonly lightUsers: number;
    readonly tasksEach: number;
    readonly lightMs: number;
    readonly tasks: number;
    readonly heavyMs: number;
  };
}

/** What became of users that nobody had seen. Tasks a second. */
export interface NewUsersResult {
  readonly queues: number;
  readonly publishPerSecond: number;
  /** With the worker's start-up. */
  readonly workPerSecond: number;
  readonly startUpSeconds: number;
  readonly jainAtHalf: number;
  /** What the plainest client did just before and just after. */
  readonly plain: { readonly publishPerSecond: number; readonly consumePerSecond: number };
}

export interface IdleUsersResult {
  readonly queues: number;
  /** What the broker has in use above what it had when it was empty; bytes, null where it does not say. */
  readonly memoryBytes: number | null;
}

/** What one user's burst did to light users. */
export interface BurstResult {
  /** 95 of 100 tasks of light users waited for less, from the moment that the workers began; milliseconds. */
  readonly lightP95Ms: number;
  /** The same with nobody who bursts. */
  readonly quietP95Ms: number;
  readonly jainAtHalf: number;
  readonly promotions: Promoted;
}

export interface CrowdResult {
  /** Users who had any task. */
  readonly users: number;
  readonly queues: number;
  readonly jainAtHalf: number;
  readonly lightP95Ms: number;
  readonly promotions: Promoted;
}

/** Users that got a queue of their own from the workers, one that two made at once twice, and tasks that were moved there. */
export interface Promoted {
  readonly users: number;
  readonly movedTasks: number;
}

/** A round of one case: what was not played is null. */
export interface MillionTrial {
  readonly strategy: 'fair';
  /** What has a queue. */
  readonly variant: string;
  readonly sizes: MillionSizes;
  readonly newUsers: NewUsersResult;
  readonly idle: IdleUsersResult | null;
  readonly burst: BurstResult;
  readonly crowd: CrowdResult | null;
  /** Over all that was played. */
  readonly report: { readonly missing: number | null; readonly duplicates: number };
}

export interface MillionCase extends MillionTrial {
  readonly rounds: readonly MillionTrial[];
}

export interface MillionOutcome {
  readonly results: readonly MillionCase[];
  readonly figures: readonly BenchFigure[];
  readonly checks: readonly BenchCheck[];
  readonly passed: boolean;
  /** What kept the machine busy: the mean over a minute, before and after. */
  readonly load: { readonly before: number; readonly after: number; readonly processors: number };
}
