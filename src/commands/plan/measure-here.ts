import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, refusedError } from '../../core/errors/errors.js';
import type { PlanLoad } from '../../core/plan/load.js';
import { factsOfRow, shortVersion } from '../../core/plan/measured-row.js';
import type { MeasuredHere } from '../../core/plan/plan.js';
import type { CostRow } from '../../core/reports/cost-report.js';
import { costOf } from '../../run/bench/cost/cost-trial.js';
import { onBenchBroker } from '../bench/private-broker.js';
import { aboutThis } from '../shared/about.js';
import type { Context } from '../shared/context.js';

/** Enough for the queues' memory to be more than the broker's own ups and downs. */
const QUEUES = 1_000;
/** For each number of queues: on a machine at rest 1,000 take 40 s. */
const WITHIN_MS = 180_000;

const SOURCE = 'here';

/** Measures what `fairq bench cost` does: with as many queues as are shared, and with many of one user each. */
export async function measuredHere(
  load: PlanLoad,
  queues: number | undefined,
  context: Context,
): Promise<MeasuredHere> {
  const many = Math.min(queues ?? QUEUES, load.active);
  const sizes = [...new Set([Math.min(load.shared, many), many])];
  const { version, outcome: rows } = await measuredRows(load, sizes, context);
  if (rows.length === 0) {
    throw refusedError('NOTHING_MEASURED', 'nothing could be measured on the broker', {
      hint: 'Look at the warnings, or plan without --measure.',
    });
  }
  const about = new Map(aboutThis(context, version));
  return {
    facts: rows.flatMap((row) => factsOfRow(row, shortVersion(version), SOURCE)),
    source: {
      id: SOURCE,
      measured: 'here',
      date: new Date(context.clock.epochMicros() / 1_000).toISOString().slice(0, 10),
      versions: [shortVersion(version)],
      machine: about.get('machine') ?? 'this machine',
      command: about.get('command') ?? 'fairq plan',
    },
  };
}

function measuredRows({ queueType }: PlanLoad, sizes: readonly number[], context: Context) {
  return onBenchBroker(context, 'plan', async ({ show, ...deps }, address) => {
    const rows: CostRow[] = [];
    const onStep = (text: string) => show(`plan: ${text}`);
    for (const size of sizes) {
      const done = new AbortController();
      const interrupted = Promise.race([deps.interrupted, tooLong(done.signal)]);
      interrupted.catch(() => {});
      try {
        rows.push(await costOf({ ...deps, interrupted, address, onStep }, queueType, size));
      } catch (error) {
        await Promise.race([deps.interrupted, undefined]); // rejects where that was the reason
        context.warn(`${size} ${queueType} queues were not measured: ${messageOf(error)}`);
      } finally {
        done.abort();
      }
    }
    return rows;
  });
}

async function tooLong(signal: AbortSignal): Promise<never> {
  await delay(WITHIN_MS, undefined, { signal });
  throw new Error(`it took longer than ${WITHIN_MS / 60_000} min`);
}
