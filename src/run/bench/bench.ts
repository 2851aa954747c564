import type { Check, Scenario, ScenarioSettings, StrategyResult } from './scenario.js';
import { loop } from './scenarios/loop.js';
import { seed } from './scenarios/seed.js';
import { type Strategy, Trial, type TrialDeps, type TrialResult } from './trial.js';

export const SCENARIOS: readonly Scenario[] = [seed, loop];

export interface BenchRequest {
  readonly scenario: Scenario;
  readonly settings: ScenarioSettings;
  readonly strategies: readonly Strategy[];
  /** How often each strategy plays, in turns. */
  readonly rounds: number;
}

export interface BenchOutcome {
  readonly results: readonly StrategyResult[];
  readonly checks: readonly Check[];
  readonly passed: boolean;
}

/**
 * Plays a scenario under each strategy on the same broker, in turns, so that a machine that grows slow
 * is slow to all. What a machine adds to a time is never negative: a strategy's speed is that of its
 * fastest round, and its promises have to hold in every round.
 */
export async function runBench(deps: TrialDeps, request: BenchRequest): Promise<BenchOutcome> {
  const { scenario, settings, strategies, rounds } = request;
  const { workers, concurrency } = settings;
  const played = new Map<Strategy, TrialResult[]>(strategies.map((strategy) => [strategy, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [strategy, trials] of played) {
      const onStep = (text: string) =>
        deps.onStep(rounds > 1 ? `round ${round} of ${rounds}, ${text}` : text);
      trials.push(
        await Trial.play({ ...deps, onStep }, { strategy, workers, concurrency }, (trial) =>
          scenario.script(trial, settings),
        ),
      );
    }
  }
  const results = [...played.values()].map((trials) => ({ ...fastest(trials), rounds: trials }));
  const checks = scenario.checks(results, settings);
  return { results, checks, passed: checks.every(({ passed }) => passed) };
}

function fastest(trials: readonly TrialResult[]): TrialResult {
  return trials.reduce((best, trial) =>
    trial.report.tasksPerSecond > best.report.tasksPerSecond ? trial : best,
  );
}
