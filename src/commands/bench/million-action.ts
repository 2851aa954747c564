import { usageError } from '../../core/errors/errors.js';
import { renderMillion } from '../../render/bench/million-text.js';
import { benchMillion } from '../../run/bench/million/million.js';
import type { CommandResult, Context } from '../shared/context.js';
import type { BenchFlags } from './bench-command.js';
import { onBenchBroker } from './private-broker.js';

/** The median of three rounds: fewer say nothing of a speed. */
const ROUNDS = 3;

const NOT_FOR_IT = [
  ['workers', '--workers'],
  ['concurrency', '--concurrency'],
  ['countA', '--count-a'],
  ['countB', '--count-b'],
  ['total', '--total'],
  ['strategy', '--strategy'],
  ['check', '--check'],
  ['html', '--html'],
] as const;

/** Very many users: a queue each, hashed groups, and shared queues with promotion, side by side. */
export async function benchMillionUsers(flags: BenchFlags, context: Context): Promise<CommandResult> {
  const given = NOT_FOR_IT.find(([key]) => flags[key] !== undefined);
  if (given !== undefined) {
    throw usageError('NO_SUCH_LOAD', `${given[1]} does not go with million, which has loads of its own`, {
      hint: 'Leave it away; --scale says how many users and tasks there are.',
    });
  }
  const { scale, seed, rounds = ROUNDS } = flags;
  const { version, outcome } = await onBenchBroker(context, 'million', ({ show, ...deps }, address) =>
    benchMillion({ ...deps, address, onStep: (text) => show(`million: ${text}`) }, { scale, seed, rounds }),
  );
  const { results, figures, checks, passed, load } = outcome;
  return {
    document: {
      schemaVersion: 1,
      kind: 'bench-million',
      broker: { version },
      seed,
      scale,
      load,
      results: results.map(({ variant, rounds }) => ({ variant, rounds })),
      figures,
      checks,
      passed,
    },
    text: (style) => renderMillion(version, outcome, style),
    endsAs: passed ? undefined : 'check-failed',
  };
}
