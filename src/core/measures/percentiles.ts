import type { Percentiles } from '../reports/run-report.js';

/**
 * Exact percentiles by nearest rank: the smallest value that at least p in a hundred of the values do
 * not exceed, so always one that was measured. Null for no values. Leaves its argument as it is.
 */
export function percentiles(values: Float64Array): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted();
  const at = (p: number): number => sorted[Math.ceil((p * sorted.length) / 100) - 1]!;
  return { p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}
