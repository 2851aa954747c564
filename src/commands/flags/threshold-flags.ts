import type { Command } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import { BadThreshold } from '../../core/thresholds/scanner.js';
import { parseThreshold, type Threshold } from '../../core/thresholds/threshold.js';

export interface ThresholdFlags {
  check?: Threshold[];
}

/** The flag that says what a result has to keep. */
export function withThresholdOption(command: Command): Command {
  return command.option(
    '--check <threshold>',
    "what has to hold, such as 'user(B).dwell.p95<2s' or 'jain>=0.99' (may be repeated); exit code 99 where it does not",
    (text: string, sofar: Threshold[] = []) => [...sofar, readThreshold(text)],
  );
}

/** @throws FairqError which shows the place of what is wrong */
export function readThreshold(text: string): Threshold {
  try {
    return parseThreshold(text);
  } catch (error) {
    if (!(error instanceof BadThreshold)) throw error;
    throw usageError('BAD_CHECK', `--check: ${error.message}`, {
      hint: error.hint ?? 'Repeat --check for each.',
    });
  }
}
