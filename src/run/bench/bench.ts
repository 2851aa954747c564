import type { BenchCheck, BenchFigure } from '../../core/reports/bench-report.js';
import { type CaseResult, checksOf, figuresOf } from './claims.js';
import type { Scenario, ScenarioSettings } from './scenario.js';
import { capped } from './scenarios/capped.js';
import { churn } from './scenarios/churn.js';
import { crowd } from './scenarios/crowd.js';
import { idle } from './scenarios/idle.js';
import { late } from './scenarios/late.js';
import { lone } from './scenarios/lone.js';
import { loop } from './scenarios/loop.js';
import { noisy } from './scenarios/noisy.js';
import { ratelimited } from './scenarios/ratelimited.js';
import { seed } from './scenarios/seed.js';
import { slow } from './scenarios/slow.js';
import { starve } from './scenarios/starve.js';
import { sybil } from './scenarios/sybil.js';
import { tail } from './scenarios/tail.js';
import { throttle } from './scenarios/throttle.js';
import { units } from './scenarios/units.js';
import { weights } from './scenarios/weights.js';
import { type Case, Trial, type TrialDeps, type TrialResult } from './trial.js';

export const SCENARIOS: readonly Scenario[] = [
  seed,
  loop,
  late,
  noisy,
  weights,
  slow,
  lone,
  tail,
  crowd,
  idle,
  churn,
  units,
  starve,
  sybil,
  throttle,
  capped,
  ratelimited,
];

export interface BenchRequest {
  readonly scenario: Scenario;
  readonly settings: ScenarioSettings;
  readonly cases: readonly Case[];
  /** How often each case plays, in turns. */
  readonly rounds: number;
}

export interface BenchOutcome {
  readonly results: readonly CaseResult[];
  readonly figures: readonly BenchFigure[];
  readonly checks: readonly BenchCheck[];
  readonly passed: boolean;
}

/**
 * Plays a scenario under each case on the same broker, in turns and every other round backwards, so that a machine
 * that grows slow is slow to all. A case's promises have to hold in every round. Its speed is the median, and the
 * round of median speed is the one that is shown.
 */
export async function runBench(deps: TrialDeps, request: BenchRequest): Promise<BenchOutcome> {
  const { scenario, settings, cases, rounds } = request;
  const { workers, concurrency } = settings;
  const played = new Map<Case, TrialResult[]>(cases.map((one) => [one, []]));
  for (let round = 1; round <= rounds; round++) {
    const order = [...played];
    for (const [one, trials] of round % 2 === 1 ? order : order.reverse()) {
      const onStep = (text: string) =>
        deps.onStep(rounds > 1 ? `round ${round} of ${rounds}, ${text}` : text);
      const options = { ...one, workers, concurrency, weightOf: scenario.weightOf };
      trials.push(
        await Trial.play({ ...deps, onStep }, options, (trial) => scenario.script(trial, settings)),
      );
    }
  }
  const results = [...played.values()].map((trials) => ({ ...ofMedianSpeed(trials), rounds: trials }));
  const figures = figuresOf(scenario.claims(settings), results);
  const checks = checksOf(figures, results, scenario.mayRepeat);
  return { results, figures, checks, passed: checks.every(({ passed }) => passed) };
}

/** Of an even number the slower one of the two in the middle. */
function ofMedianSpeed(trials: readonly TrialResult[]): TrialResult {
  const bySpeed = trials.toSorted((a, b) => a.report.tasksPerSecond - b.report.tasksPerSecond);
  const middle = bySpeed[(bySpeed.length - 1) >> 1];
  if (middle === undefined) throw new Error('a case was not played');
  return middle;
}
