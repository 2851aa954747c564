import { setImmediate as turn } from 'node:timers/promises';
import { type SimulationProgress, simulateInSteps } from '../../core/simulation/simulate.js';
import type { Clock } from '../../core/values/clock.js';
import { WORKER_DEFAULTS } from '../../core/values/worker-defaults.js';
import { renderSimulation, simulationProgressLine } from '../../render/simulation/simulation-text.js';
import type { CommandResult, Context } from '../shared/context.js';
import { checkHtmlFile, writeHtmlText } from '../shared/html-file.js';
import { showProgress } from '../shared/progress.js';
import type { SimulateFlags } from './simulate-command.js';
import { scenarioFrom, simulatedLoadFrom } from './simulated-load-from.js';
import { pageOf } from './simulation-page-of.js';

/** Milliseconds of work between two looks at signals. */
const SLICE_MS = 50;

export async function simulate(flags: SimulateFlags, context: Context): Promise<CommandResult> {
  checkHtmlFile(flags);
  const interrupted = context.interrupts.rejection('the simulation was not finished, and has no figures');
  const scenario = scenarioFrom(flags);
  let reached: SimulationProgress | undefined;
  const progress = await showProgress(context, () => simulationProgressLine(reached));
  try {
    const makes = simulatedLoadFrom(flags, scenario, context.io.stdin, (steps) =>
      inSlices(steps, () => {}, interrupted, context.clock),
    );
    const load = await Promise.race([makes, interrupted]);
    const options = {
      strategies: flags.strategy,
      workers: flags.workers ?? scenario?.workers ?? 1,
      concurrency: flags.concurrency ?? scenario?.concurrency ?? WORKER_DEFAULTS.concurrency,
      promoteAfter: flags.promoteAfter,
      moveMs: flags.moveTime,
      demoteAfterMs: flags.demoteAfter,
    };
    const onStep = (step: SimulationProgress) => {
      reached = step;
    };
    const simulated = await inSlices(simulateInSteps(load, options), onStep, interrupted, context.clock);
    const { setup, results } = simulated;
    const head = { schemaVersion: 1, kind: 'simulate', scenario: scenario?.name ?? null, seed: flags.seed };
    const document = { ...head, ...setup, results };
    await writeHtmlText(flags, async () => pageOf(flags, simulated, document, context), context);
    return {
      document,
      text: (style) => renderSimulation(simulated, style),
    };
  } finally {
    progress.stop();
  }
}

/** In between the progress is drawn, and a signal ends it. */
async function inSlices<Step, Result>(
  steps: Generator<Step, Result>,
  onStep: (step: Step) => void,
  interrupted: Promise<never>,
  clock: Clock,
): Promise<Result> {
  let next = clock.now() + SLICE_MS;
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    onStep(value);
    if (clock.now() < next) continue;
    await Promise.race([turn(), interrupted]);
    next = clock.now() + SLICE_MS;
  }
}
