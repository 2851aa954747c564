import {
  type BenchCheck,
  type BenchFigure,
  type BenchUnit,
  type Limits,
  labelOf,
} from '../../core/bench-report.js';
import type { TrialResult } from './trial.js';

/** A case's fastest round, and all of them. */
export interface CaseResult extends TrialResult {
  readonly rounds: readonly TrialResult[];
}

/** Something that a scenario measures of every case, and what some of the cases promise about it. */
export interface Claim extends Limits {
  /** Such as "B's dwell, p99". */
  readonly name: string;
  readonly unit: BenchUnit;
  /** @returns null where it means nothing for this case */
  of(trial: TrialResult, all: readonly CaseResult[]): number | null;
  /** Labels of the cases that have to keep the limits; `fair` if not given. The others are shown beside. */
  readonly promisedBy?: readonly string[];
  /** A promise holds in every round, but for a speed, which is that of the fastest. */
  readonly isSpeed?: boolean;
}

const DIGITS = 1_000;

/** What every case came to under the claims: the worst of its rounds. */
export function figuresOf(claims: readonly Claim[], results: readonly CaseResult[]): BenchFigure[] {
  return claims.map((claim) => {
    const { name, unit, atMost, atLeast, promisedBy = ['fair'] } = claim;
    const values = results.map((result): [string, number | null] => [
      labelOf(result),
      measured(claim, result, results),
    ]);
    return {
      name,
      unit,
      values: Object.fromEntries(values),
      ...(atMost !== undefined && { atMost }),
      ...(atLeast !== undefined && { atLeast }),
      promisedBy,
    };
  });
}

function measured(claim: Claim, result: CaseResult, all: readonly CaseResult[]): number | null {
  const rounds = claim.isSpeed ? [result] : result.rounds;
  const values = rounds.map((round) => claim.of(round, all)).filter((value) => value !== null);
  if (values.length === 0) return null;
  // Where both limits are given the value that is further from keeping them is the worst.
  const low = Math.min(...values);
  const high = Math.max(...values);
  const { atLeast, atMost } = claim;
  const worst = atLeast !== undefined && (atMost === undefined || low < atLeast) ? low : high;
  return Math.round(worst * DIGITS) / DIGITS;
}

/** Checks what is promised, and that every case ran each task, once, in every round. */
export function checksOf(figures: readonly BenchFigure[], results: readonly CaseResult[]): BenchCheck[] {
  const promises = figures.flatMap(({ name, unit, values, atMost, atLeast, promisedBy }) =>
    promisedBy.flatMap((label) => {
      const value = values[label];
      if (value === undefined || value === null) return [];
      const checks: BenchCheck[] = [];
      if (atMost !== undefined) {
        const passed = value <= atMost;
        checks.push({ name: `${label}: ${name}, at most`, value, limit: atMost, unit, passed });
      }
      if (atLeast !== undefined) {
        const passed = value >= atLeast;
        checks.push({ name: `${label}: ${name}, at least`, value, limit: atLeast, unit, passed });
      }
      return checks;
    }),
  );
  return [...promises, ...results.flatMap(nothingLost)];
}

function nothingLost(result: CaseResult): BenchCheck[] {
  const label = labelOf(result);
  const missing = Math.max(...result.rounds.map(({ report }) => report.missing ?? Number.POSITIVE_INFINITY));
  const duplicates = Math.max(...result.rounds.map(({ report }) => report.duplicates));
  return [
    { name: `${label}: missing`, value: missing, limit: 0, passed: missing === 0 },
    { name: `${label}: duplicates`, value: duplicates, limit: 0, passed: duplicates === 0 },
  ];
}
