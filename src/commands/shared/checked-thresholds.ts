import type { RunReport } from '../../core/reports/run-report.js';
import type { RunWithTenants } from '../../core/reports/tenants-report.js';
import { evaluateThreshold, type Threshold, type ThresholdResult } from '../../core/thresholds/threshold.js';
import { describeThreshold } from '../../render/parts/threshold-text.js';
import type { Context } from './context.js';

/**
 * Evaluates them all; what is not kept is also said on stderr, for the log of a machine.
 *
 * @param bench whose result it is, and all of its rounds: they have to hold in each, but for a speed, whose median counts
 */
export async function checked(
  thresholds: readonly Threshold[],
  report: RunWithTenants,
  context: Context,
  bench?: { readonly label: string; readonly reports: readonly RunReport[] },
): Promise<ThresholdResult[]> {
  if (thresholds.length === 0) return [];
  const results = thresholds.map((threshold) => {
    const shown = evaluateThreshold(threshold, report);
    const isSpeed = threshold.of.measure.unit === 'rate';
    const rounds = isSpeed ? [] : (bench?.reports ?? []);
    const failed = rounds.map((one) => evaluateThreshold(threshold, one)).find(({ passed }) => !passed);
    return { ...(failed ?? shown), ...(bench && { label: bench.label }) };
  });
  for (const result of results) {
    if (!result.passed) context.fail(`check failed: ${describeThreshold(result)}`);
  }
  return results;
}
