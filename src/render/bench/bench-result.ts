import type { CaseReport } from '../../core/reports/bench-report.js';

/** What one strategy came to, as it is shown. */
export interface BenchResult extends CaseReport {
  /** Whose each start was, in order, where the order itself is the result. */
  readonly starts?: readonly string[];
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
