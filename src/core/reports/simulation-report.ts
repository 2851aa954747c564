import type { CompletionOrder, Percentiles } from './run-report.js';

/** What a simulation was of. */
export interface SimulatedSetup {
  readonly users: number;
  readonly tasks: number;
  /** Users with more tasks than `promoteAfter` are heavy, the others are light. */
  readonly heavyUsers: number;
  readonly heavyTasks: number;
  /** Run time of all tasks, milliseconds. */
  readonly workMs: number;
  /** When the last task arrives, milliseconds from the beginning. */
  readonly lastDueMs: number;
  readonly workers: number;
  readonly concurrency: number;
  readonly promoteAfter: number;
  readonly moveMs: number;
  readonly demoteAfterMs: number;
}

/** Somebody who waited behind somebody else. */
export interface MostBehind {
  readonly user: string;
  readonly behind: string;
  /** Tasks of the one that were started while one task of the other waited, beyond its own. */
  readonly tasks: number;
}

export interface SimulatedUser {
  readonly user: string;
  readonly tasks: number;
  readonly isHeavy: boolean;
  readonly waitMs: Percentiles | null;
  /** Positions of its first and its last task in the order of completion, from 1. */
  readonly firstCompletionPosition: number;
  readonly lastCompletionPosition: number;
}

/** What one strategy came to. Times are milliseconds of virtual time. */
export interface StrategyReport {
  readonly strategy: string;
  /** The most at once; 0 for the ideal, which has none. */
  readonly queues: number;
  /** From the beginning to the end of the last task. */
  readonly makespanMs: number;
  /** From a task's arrival to its start. Null where there are no such tasks. */
  readonly waitMs: {
    readonly all: Percentiles | null;
    readonly light: Percentiles | null;
    readonly heavy: Percentiles | null;
  };
  readonly jainAtHalf: number;
  readonly maxLagTasks: number;
  readonly maxLagUser: string | null;
  /** Null where nobody waited behind anybody, and for the ideal. */
  readonly mostBehind: MostBehind | null;
  readonly promotions: number;
  readonly demotions: number;
  /** Tasks from shared queues to own ones. */
  readonly moved: number;
  /** All, or those with the most tasks and those that waited longest. */
  readonly users: readonly SimulatedUser[];
}

export interface SimulationReport {
  readonly setup: SimulatedSetup;
  readonly results: readonly StrategyReport[];
}

/** The largest lag of anybody, in intervals of the same length. */
export interface LagOverTime {
  /** Seconds from the beginning at which each interval ends. */
  readonly ends: readonly number[];
  /** Tasks; 0 where nothing started. */
  readonly lag: readonly number[];
  readonly lagUser: readonly (string | null)[];
}

/** With what is drawn. */
export interface Simulated extends SimulationReport {
  /** Of each result, in the order of completion; none where the load is too large to be drawn. */
  readonly orders: readonly CompletionOrder[];
  /** Of each result; null for the ideal, whose lag is always 0. */
  readonly lags: readonly (LagOverTime | null)[];
}
