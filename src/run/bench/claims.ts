import { labelOf, type TrialResult } from './trial.js';

/** A case's fastest round, and all of them. */
export interface CaseResult extends TrialResult {
  readonly rounds: readonly TrialResult[];
}

export type Unit = 'tasks' | 'ms' | 'percent' | 'share' | 'position';

/** Something that a scenario measures of every case, and what some of the cases promise about it. */
export interface Claim {
  /** Such as "B's dwell, p99". */
  readonly name: string;
  readonly unit: Unit;
  /** @returns null where it means nothing for this case */
  of(trial: TrialResult, all: readonly CaseResult[]): number | null;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Labels of the cases that have to keep the limits; `fair` if not given. The others are shown beside. */
  readonly promisedBy?: readonly string[];
  /** A promise holds in every round, but for a speed, which is that of the fastest. */
  readonly isSpeed?: boolean;
}

/** What a case came to under a claim: the worst of its rounds where it promises something. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  /** By label of the case; null where it means nothing. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly promisedBy: readonly string[];
}

/** A limit that a result has to keep. */
export interface Check {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly passed: boolean;
}

const DIGITS = 1_000;

export function figuresOf(claims: readonly Claim[], results: readonly CaseResult[]): Figure[] {
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
export function checksOf(figures: readonly Figure[], results: readonly CaseResult[]): Check[] {
  const promises = figures.flatMap(({ name, values, atMost, atLeast, promisedBy }) =>
    promisedBy.flatMap((label) => {
      const value = values[label];
      if (value === undefined || value === null) return [];
      const checks: Check[] = [];
      if (atMost !== undefined) {
        checks.push({ name: `${label}: ${name}, at most`, value, limit: atMost, passed: value <= atMost });
      }
      if (atLeast !== undefined) {
        checks.push({ name: `${label}: ${name}, at least`, value, limit: atLeast, passed: value >= atLeast });
      }
      return checks;
    }),
  );
  return [...promises, ...results.flatMap(nothingLost)];
}

function nothingLost(result: CaseResult): Check[] {
  const label = labelOf(result);
  const missing = Math.max(...result.rounds.map(({ report }) => report.missing ?? Number.POSITIVE_INFINITY));
  const duplicates = Math.max(...result.rounds.map(({ report }) => report.duplicates));
  return [
    { name: `${label}: missing`, value: missing, limit: 0, passed: missing === 0 },
    { name: `${label}: duplicates`, value: duplicates, limit: 0, passed: duplicates === 0 },
  ];
}
