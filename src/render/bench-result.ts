import type { CompletionOrder, RunReport } from '../core/report.js';

/** What one strategy came to in a bench. */
export interface BenchResult {
  readonly strategy: string;
  readonly workers: number;
  readonly concurrency: number;
  readonly report: RunReport;
  readonly order: CompletionOrder;
  /** Whose each start was, in order, where the order itself is the result. */
  readonly starts?: readonly string[];
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
    const alone = results.filter(({ strategy }) => strategy === result.strategy).length === 1;
    return alone ? result.strategy : `${result.strategy} ${result.workers}x${result.concurrency}`;
  });
}

/** Position of the user's last completion; null where it had none. */
export function lastPosition(result: BenchResult, user: string): number | null {
  return result.report.users.find((report) => report.user === user)?.lastCompletionPosition ?? null;
}
