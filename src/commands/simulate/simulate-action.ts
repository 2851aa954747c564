import { setImmediate as turn } from 'node:timers/promises';
import type { Simulated } from '../../core/reports/simulation-report.js';
import { type SimulationOptions, type SimulationProgress, steps } from '../../core/simulation/simulate.js';
import type { SimulatedLoad } from '../../core/simulation/simulated-load.js';
import { WORKER_DEFAULTS } from '../../core/values/worker-defaults.js';
import { renderSimulation, simulationProgressLine } from '../../render/simulation/simulation-text.js';
import type { CommandResult, Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';
import type { SimulateFlags } from './simulate-command.js';
import { scenarioFrom, simulatedLoadFrom } from './simulated-load-from.js';

/** Milliseconds of work between two looks at signals. */
const SLICE_MS = 50;

export async function simulate(flags: SimulateFlags, context: Context): Promise<CommandResult> {
  const interrupted = context.interrupts.rejection('the simulation was not finished, and has no figures');
  const scenario = scenarioFrom(flags);
  const load = await Promise.race([simulatedLoadFrom(flags, scenario, context.io.stdin), interrupted]);
  const options = {
    strategies: flags.strategy,
    workers: flags.workers ?? scenario?.workers ?? 1,
    concurrency: flags.concurrency ?? scenario?.concurrency ?? WORKER_DEFAULTS.concurrency,
    promoteAfter: flags.promoteAfter,
    moveMs: flags.moveTime,
    demoteAfterMs: flags.demoteAfter,
  };
  const { setup, results, orders } = await inSlices(load, options, interrupted, context);
  const head = { schemaVersion: 1, kind: 'simulate', scenario: scenario?.name ?? null, seed: flags.seed };
  return {
    document: { ...head, ...setup, results },
    text: (style) => renderSimulation({ setup, results, orders }, style),
  };
}

/** In between the progress is drawn, and a signal ends it. */
async function inSlices(
  load: SimulatedLoad,
  options: SimulationOptions,
  interrupted: Promise<never>,
  context: Context,
): Promise<Simulated> {
  const simulation = steps(load, options);
  let reached: SimulationProgress | undefined;
  const progress = await showProgress(context, () => simulationProgressLine(reached));
  try {
    let next = context.clock.now() + SLICE_MS;
    for (;;) {
      const { done, value } = simulation.next();
      if (done === true) return value;
      reached = value;
      if (context.clock.now() < next) continue;
      await Promise.race([turn(), interrupted]);
      next = context.clock.now() + SLICE_MS;
    }
  } finally {
    progress.stop();
  }
}
