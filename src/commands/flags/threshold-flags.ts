import type { Command } from 'commander';
import { parseThreshold, type Threshold } from '../../core/thresholds/threshold.js';

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
