import type { Strategy, Trial, TrialResult } from './trial.js';

/** A limit that a result has to keep. */
export interface Check {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly passed: boolean;
}

export interface ScenarioSettings {
  readonly workers: number;
  readonly concurrency: number;
  readonly countA: number;
  readonly countB: number;
}

/** A strategy's fastest round, and all of them. */
export interface StrategyResult extends TrialResult {
  readonly rounds: readonly TrialResult[];
}

/** A load that shows something, and what it has to show. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly defaults: ScenarioSettings;
  readonly strategies: readonly Strategy[];
  /** Whether the order of starts is part of the result. */
  readonly showsStarts: boolean;
  /** How often each strategy plays unless said otherwise. */
  readonly rounds: number;
  /** Publishes and works; the same for every strategy. */
  script(trial: Trial, settings: ScenarioSettings): Promise<void>;
  checks(results: readonly StrategyResult[], settings: ScenarioSettings): Check[];
}

export function atMost(name: string, value: number, limit: number): Check {
  return { name, value, limit, passed: value <= limit };
}

export function atLeast(name: string, value: number, limit: number): Check {
  return { name, value, limit, passed: value >= limit };
}

/** Every strategy has to run each task, and once, in every round. */
export function nothingLost(results: readonly StrategyResult[]): Check[] {
  return results.flatMap(({ strategy, rounds }) => [
    atMost(
      `${strategy}: missing`,
      worst(rounds, ({ report }) => report.missing ?? Number.POSITIVE_INFINITY),
      0,
    ),
    atMost(
      `${strategy}: duplicates`,
      worst(rounds, ({ report }) => report.duplicates),
      0,
    ),
  ]);
}

/** The largest over the rounds. */
export function worst(rounds: readonly TrialResult[], measure: (trial: TrialResult) => number): number {
  return Math.max(...rounds.map(measure));
}

/** The smallest over the rounds. */
export function least(rounds: readonly TrialResult[], measure: (trial: TrialResult) => number): number {
  return Math.min(...rounds.map(measure));
}
