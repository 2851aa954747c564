import { percentiles } from '../../core/measures/percentiles.js';
import {
  type BenchCheck,
  type BenchFigure,
  type BenchUnit,
  type Limits,
  labelOf,
  type OverRounds,
  ROUNDS_FOR_SPEED,
} from '../../core/reports/bench-report.js';
import type { TrialResult } from './trial.js';

/** A case's round of median speed, which is the one that is shown, and all of them. */
export interface CaseResult extends TrialResult {
  readonly rounds: readonly TrialResult[];
}

/** What is judged of a round of a case: which case it is, and that nothing was lost. */
export interface Judged {
  readonly strategy: string;
  readonly variant?: string;
  readonly report: { readonly missing: number | null; readonly duplicates: number };
}

/** A case in all of its rounds. */
type Played<T extends Judged> = Judged & { readonly rounds: readonly T[] };

/** Something that a scenario measures of every case, and what some of the cases promise about it. */
export interface Claim<T extends Judged = TrialResult> extends Limits {
  /** Such as "B's dwell, p99". */
  readonly name: string;
  readonly unit: BenchUnit;
  /**
   * @param round what every case came to in the same round: cases are compared with what was played just before or after
   * @returns null where it means nothing for this case
   */
  of(trial: T, round: readonly T[]): number | null;
  /** Labels of the cases that have to keep the limits; `fair` if not given. The others are shown beside. */
  readonly promisedBy?: readonly string[];
  /** A speed: the median of the rounds counts, and fewer than three say nothing. Any other promise holds in every round. */
  readonly isSpeed?: boolean;
  /** Why it says nothing of the strategies this time, as a clause; undefined where it does. */
  unjudged?(rounds: readonly (readonly T[])[]): string | undefined;
}

const DIGITS = 1_000;

/** What every case came to under the claims: the worst of its rounds, or the median. */
export function figuresOf<T extends Judged>(
  claims: readonly Claim<T>[],
  results: readonly Played<T>[],
): BenchFigure[] {
  const rounds = Math.max(...results.map((result) => result.rounds.length));
  const played = Array.from({ length: rounds }, (_, i) => roundOf(results, i));
  return claims.map((claim) => {
    const { name, unit, atMost, atLeast, promisedBy = ['fair'], isSpeed = false } = claim;
    const over = isSpeed ? 'median' : 'worst';
    const valuesOver = (how: OverRounds['over']) =>
      Object.fromEntries(results.map((result) => [labelOf(result), measured(claim, how, result, played)]));
    const tooFew = isSpeed && rounds < ROUNDS_FOR_SPEED;
    const unjudged = tooFew ? `it takes ${ROUNDS_FOR_SPEED} rounds or more` : claim.unjudged?.(played);
    return {
      name,
      unit,
      values: valuesOver(over),
      ...(over === 'median' && { worst: valuesOver('worst') }),
      ...(atMost !== undefined && { atMost }),
      ...(atLeast !== undefined && { atLeast }),
      promisedBy,
      over,
      rounds,
      ...(unjudged !== undefined && { unjudged }),
    };
  });
}

function measured<T extends Judged>(
  claim: Claim<T>,
  over: OverRounds['over'],
  result: Played<T>,
  played: readonly (readonly T[])[],
): number | null {
  const values = result.rounds
    .map((trial, i) => claim.of(trial, played[i] ?? []))
    .filter((value): value is number => value !== null && !Number.isNaN(value));
  if (values.length === 0) return null;
  const value = over === 'median' ? median(values) : worst(claim, values);
  return Math.round(value * DIGITS) / DIGITS;
}

function roundOf<T extends Judged>(all: readonly Played<T>[], index: number): T[] {
  return all.flatMap(({ rounds }) => rounds[index] ?? []);
}

/** Of an even number of values the lower one in the middle: one that was measured. */
function median(values: readonly number[]): number {
  return percentiles(Float64Array.from(values))?.p50 ?? Number.NaN;
}

/** Where both limits are given the value that is further from keeping them is the worst. */
function worst({ atLeast, atMost }: Limits, values: readonly number[]): number {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return atLeast !== undefined && (atMost === undefined || low < atLeast) ? low : high;
}

/**
 * Checks what is promised, and that every case ran each task, once, in every round.
 *
 * @param mayRepeat a task may be completed twice
 */
export function checksOf(
  figures: readonly BenchFigure[],
  results: readonly Played<Judged>[],
  mayRepeat = false,
): BenchCheck[] {
  const promises = figures
    .filter(({ unjudged }) => unjudged === undefined)
    .flatMap(({ name, unit, values, worst, atMost, atLeast, promisedBy, over, rounds }) =>
      promisedBy.flatMap((label) => {
        const value = values[label];
        if (value === undefined || value === null) return [];
        const checks: BenchCheck[] = [];
        const worstOf = worst?.[label] ?? undefined;
        const check = { value, unit, over, rounds, ...(worstOf !== undefined && { worst: worstOf }) };
        if (atMost !== undefined) {
          const passed = value <= atMost;
          checks.push({ name: `${label}: ${name}, at most`, ...check, limit: atMost, passed });
        }
        if (atLeast !== undefined) {
          const passed = value >= atLeast;
          checks.push({ name: `${label}: ${name}, at least`, ...check, limit: atLeast, passed });
        }
        return checks;
      }),
    );
  return [...promises, ...results.flatMap((result) => nothingLost(result, mayRepeat))];
}

function nothingLost(result: Played<Judged>, mayRepeat: boolean): BenchCheck[] {
  const label = labelOf(result);
  const over = { over: 'worst', rounds: result.rounds.length } as const;
  const missing = Math.max(...result.rounds.map(({ report }) => report.missing ?? Number.POSITIVE_INFINITY));
  const duplicates = Math.max(...result.rounds.map(({ report }) => report.duplicates));
  const lost = { name: `${label}: missing`, value: missing, limit: 0, passed: missing === 0, ...over };
  if (mayRepeat) return [lost];
  return [
    lost,
    { name: `${label}: duplicates`, value: duplicates, limit: 0, passed: duplicates === 0, ...over },
  ];
}
