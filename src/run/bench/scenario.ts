import type { Claim } from './claims.js';
import type { Case, Trial } from './trial.js';

export interface ScenarioSettings {
  readonly workers: number;
  readonly concurrency: number;
  /** Sizes of the two users' loads, where a scenario has two. */
  readonly countA: number;
  readonly countB: number;
  /** Tasks of all users, where a scenario has many. */
  readonly total: number;
  /** Makes a random load repeat. */
  readonly seed: number;
  /** Every time of the load is multiplied by it. */
  readonly scale: number;
}

export type ScenarioDefaults = Pick<ScenarioSettings, 'workers' | 'concurrency'> &
  Partial<Pick<ScenarioSettings, 'countA' | 'countB' | 'total'>>;

/** A load that shows something, and what it has to show. */
export interface Scenario {
  readonly name: string;
  /** What the load is, and what it asks: one sentence, with the sizes that were asked for. */
  summary(settings: ScenarioSettings): string;
  readonly defaults: ScenarioDefaults;
  /** What plays the load, side by side. */
  readonly cases: readonly Case[];
  /** What plays it as well where somebody names its strategy. */
  readonly optionalCases?: readonly Case[];
  /** Whether the order of starts is part of the result. */
  readonly showsStarts?: boolean;
  /** Whether it is about the user with the least, so that one sentence tells it. */
  readonly hasMoral?: boolean;
  /** Whether a task may be completed twice: its worker may be killed before it has acknowledged it. */
  readonly mayRepeat?: boolean;
  /** How often each case plays unless said otherwise; 1 if not given. */
  readonly rounds?: number;
  /** Users' shares against the others; 1 if not given. */
  weightOf?(user: string): number;
  /** Publishes and works; the same for every case. */
  script(trial: Trial, settings: ScenarioSettings): Promise<void>;
  claims(settings: ScenarioSettings): readonly Claim[];
}
