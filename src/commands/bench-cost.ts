import type { CostRow } from '../core/cost-report.js';
import { messageOf } from '../errors.js';
import type { CommandResult, Context } from './context.js';

export interface CostFlags {
  readonly queues?: readonly number[];
  readonly large?: boolean;
}

const SIZES = [10, 100, 1_000, 10_000];
const LARGE = 50_000;
const TYPES = ['classic', 'quorum'] as const;

/** What many queues cost, on a throw-away broker or the one that is configured. */
export async function benchCost(flags: CostFlags, context: Context): Promise<CommandResult> {
  const { costOf } = await import('../run/bench/cost/cost.js');
  const { withBenchBroker } = await import('../run/bench/broker.js');
  const { renderCost } = await import('../render/cost-text.js');
  const { idGenerator } = await import('./identity.js');
  const { rejectOnInterrupt } = await import('./interrupt.js');
  const { showProgress } = await import('./progress.js');
  const config = await context.config();
  const { io, clock } = context;
  const interrupted = rejectOnInterrupt(io, 'the bench left nothing behind');
  let reason: unknown;
  const interruption = () => reason;
  interrupted.catch((error) => {
    reason = error; // it may come before anybody waits for it
  });
  const failures: string[] = [];
  const sizes = [...(flags.queues ?? SIZES), ...(flags.large === true ? [LARGE] : [])];
  let step = 'starting a throw-away broker';
  const progress = await showProgress(context, () => `bench cost · ${step}`);
  const onStep = (text: string) => {
    step = text;
    if (!context.liveProgress) context.say(`bench cost: ${text}`);
  };
  const self = { ...io.self, env: io.env };
  try {
    const { version, outcome: rows } = await withBenchBroker(
      config.addressConfigured ? config.address : undefined,
      interrupted,
      async (address) => {
        const measured: CostRow[] = [];
        const deps = { address, clock, newId: idGenerator(context), self, interrupted, onStep };
        for (const type of TYPES) {
          for (const size of sizes) {
            try {
              measured.push(await costOf(deps, type, size));
            } catch (error) {
              if (measured.length === 0 || error === interruption()) throw error;
              failures.push(`${size} ${type} queues: ${messageOf(error)}`);
            }
          }
        }
        return measured;
      },
    );
    progress.stop();
    for (const failure of failures) context.warn(failure);
    return {
      document: { schemaVersion: 1, kind: 'bench-cost', broker: { version }, rows, failures },
      text: (style) => renderCost(version, rows, style),
      endsAs: failures.length > 0 ? 'partial' : undefined,
    };
  } finally {
    progress.stop();
  }
}
