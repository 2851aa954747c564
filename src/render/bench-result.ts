import type { CompletionOrder, RunReport } from '../core/report.js';

/** What one strategy came to in a bench. */
export interface BenchResult {
  readonly strategy: string;
  /** Its name, where a strategy was played in more than one way. */
  readonly variant?: string;
  readonly workers: number;
  readonly concurrency: number;
  readonly report: RunReport;
  readonly order: CompletionOrder;
  /** Whose each start was, in order, where the order itself is the result. */
  readonly starts?: readonly string[];
}

export type BenchUnit = 'tasks' | 'ms' | 'percent' | 'share' | 'position';

/** What was measured of every result, and what some of them promise. */
export interface BenchFigure {
  readonly name: string;
  readonly unit: BenchUnit;
  /** By label of the result; null where it means nothing. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Labels of those that promise. */
  readonly promisedBy: readonly string[];
}

export interface BenchCheck {
  readonly name: string;
  readonly value: number | string;
  readonly limit: number | string;
  readonly passed: boolean;
}

/** Short and distinct: the strategy, and its workers and slots where a strategy was tried with several. */
export function resultLabels(results: readonly BenchResult[]): string[] {
  return results.map((result) => {
    if (result.variant !== undefined) return result.variant;
    const alike = results.filter(
      ({ strategy, variant }) => strategy === result.strategy && variant === undefined,
    );
    return alike.length === 1
      ? result.strategy
      : `${result.strategy} ${result.workers}x${result.concurrency}`;
  });
}

/** Position of the user's last completion; null where it had none. */
export function lastPosition(result: BenchResult, user: string): number | null {
  return result.report.users.find((report) => report.user === user)?.lastCompletionPosition ?? null;
}
