import { messageOf } from '../../core/errors/errors.js';
import type { CostRow } from '../../core/reports/cost-report.js';
import { renderCost } from '../../render/bench/cost-text.js';
import { costOf } from '../../run/bench/cost/cost-trial.js';
import type { CommandResult, Context } from '../shared/context.js';
import { onBenchBroker } from './private-broker.js';

export interface CostFlags {
  readonly queues?: readonly number[];
  readonly large?: boolean;
}

const SIZES = [10, 100, 1_000, 10_000];
const LARGE = 50_000;
const TYPES = ['classic', 'quorum'] as const;

/** What many queues cost. A number that is too much for the broker is said, and the rest goes on. */
export async function benchCost(flags: CostFlags, context: Context): Promise<CommandResult> {
  const sizes = [...(flags.queues ?? SIZES), ...(flags.large === true ? [LARGE] : [])];
  const failures: string[] = [];
  const { version, outcome: rows } = await onBenchBroker(
    context,
    'cost',
    async ({ show, ...deps }, address) => {
      const measured: CostRow[] = [];
      const onStep = (text: string) => show(`cost: ${text}`);
      for (const type of TYPES) {
        for (const size of sizes) {
          try {
            measured.push(await costOf({ ...deps, address, onStep }, type, size));
          } catch (error) {
            await Promise.race([deps.interrupted, undefined]); // rejects where that was the reason
            if (measured.length === 0) throw error;
            failures.push(`${size} ${type} queues: ${messageOf(error)}`);
          }
        }
      }
      return measured;
    },
  );
  for (const failure of failures) context.warn(failure);
  return {
    document: { schemaVersion: 1, kind: 'bench-cost', broker: { version }, rows, failures },
    text: (style) => renderCost(version, rows, style),
    endsAs: failures.length > 0 ? 'partial' : undefined,
  };
}
