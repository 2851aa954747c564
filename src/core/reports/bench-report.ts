import type { CompletionOrder, RunReport } from './run-report.js';

/** What one way to play a load came to. */
export interface CaseReport {
  readonly strategy: string;
  /** Its name, where a strategy was played in more than one way. */
  readonly variant?: string;
  readonly workers: number;
  readonly concurrency: number;
  readonly report: RunReport;
  readonly order: CompletionOrder;
}

/** Short: the variant, or the strategy where it was played in one way. */
export function labelOf({ strategy, variant }: Pick<CaseReport, 'strategy' | 'variant'>): string {
  return variant ?? strategy;
}

export type BenchUnit = 'tasks' | 'ms' | 'percent' | 'share' | 'position' | 'per second' | 'bytes';

/** A promise about a measure; either limit may be missing. */
export interface Limits {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** The median of fewer rounds says nothing of a speed. */
export const ROUNDS_FOR_SPEED = 3;

/** How the figures of several rounds make one. */
export interface OverRounds {
  readonly over: 'worst' | 'median';
  readonly rounds: number;
}

/** What was measured of every result, and what some of them promise. */
export interface BenchFigure extends Limits, OverRounds {
  readonly name: string;
  readonly unit: BenchUnit;
  /** Why no promise is held against it this time: a clause such as `it takes 3 rounds or more`. */
  readonly unjudged?: string;
  /** By label of the result; null where it means nothing. */
  readonly values: Readonly<Record<string, number | null>>;
  /** The same of the worst round, where the values are medians. */
  readonly worst?: Readonly<Record<string, number | null>>;
  /** Labels of those that promise. */
  readonly promisedBy: readonly string[];
}

/** A limit that a result has to keep. */
export interface BenchCheck extends OverRounds {
  readonly name: string;
  readonly value: number | string;
  /** That of the worst round, where the value is a median. */
  readonly worst?: number;
  readonly limit: number | string;
  /** Of both, where they are numbers of something. */
  readonly unit?: BenchUnit;
  readonly passed: boolean;
}

/** Whether the value is within the limits. */
export function keeps({ atMost, atLeast }: Limits, value: number): boolean {
  return (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
}

/** Position of the user's last completion; null where it had none. */
export function lastPosition({ report }: Pick<CaseReport, 'report'>, user: string): number | null {
  return report.users.find((one) => one.user === user)?.lastCompletionPosition ?? null;
}
