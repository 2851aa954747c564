import type { Command } from 'commander';
import type { RunReport } from '../../core/reports/run-report.js';
import {
  evaluateThreshold,
  parseThreshold,
  type Threshold,
  type ThresholdResult,
} from '../../core/thresholds/threshold.js';
import type { Context } from '../shared/context.js';

export interface ThresholdFlags {
  check?: Threshold[];
}

/** The flag that says what a result has to keep. */
export function withThresholdOption(command: Command): Command {
  return command.option(
    '--check <threshold>',
    "what has to hold, such as 'user(B).dwell.p95<2s' or 'jain>=0.99' (may be repeated); exit code 99 where it does not",
    (text: string, sofar: Threshold[] = []) => [...sofar, parseThreshold(text)],
  );
}

/**
 * Evaluates them all; what is not kept is also said on stderr, for the log of a machine.
 *
 * @param bench whose result it is, and all of its rounds: they have to hold in each, but for a speed, whose median counts
 */
export async function checked(
  thresholds: readonly Threshold[],
  report: RunReport,
  context: Context,
  bench?: { readonly label: string; readonly reports: readonly RunReport[] },
): Promise<ThresholdResult[]> {
  if (thresholds.length === 0) return [];
  // Not for every command that only has the flag.
  const { describeThreshold } = await import('../../render/parts/threshold-text.js');
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
