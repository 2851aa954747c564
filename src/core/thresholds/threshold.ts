import type { RunReport, UserReport } from '../reports/run-report.js';
import { type Glob, glob } from '../values/glob.js';
import { ThresholdScanner } from './scanner.js';
import { type Measure, type MeasureUnit, RUN_MEASURES, USER_MEASURES } from './threshold-measures.js';

export const OPERATORS = ['<=', '>=', '==', '!=', '<', '>'] as const;
export type Operator = (typeof OPERATORS)[number];

/** What a run has to keep. */
export interface Threshold {
  /** As it was written. */
  readonly text: string;
  /** Which of a bench's results, by their label; undefined for those that are fair. */
  readonly label: string | undefined;
  readonly of: RunMeasured | UserMeasured;
  readonly operator: Operator;
  /** In the unit of the measure. */
  readonly limit: number;
}

interface RunMeasured {
  readonly users: undefined;
  readonly measure: Measure<RunReport>;
}

/** Every user that matches has to keep it. */
interface UserMeasured {
  readonly users: Glob;
  readonly measure: Measure<UserReport>;
}

/**
 * Reads one threshold:
 *
 *     threshold = [ label ":" ] [ "user(" glob ")." ] measure operator number
 *     measure   = a name of RUN_MEASURES, or of USER_MEASURES after a user
 *     operator  = "<" | "<=" | ">" | ">=" | "==" | "!="
 *     number    = digits with the unit of the measure: 2s, 99%, 5000/s, 3
 *
 * A glob with a bracket in it stands in double quotes.
 *
 * @throws BadThreshold with the place of what is wrong
 */
export function parseThreshold(text: string): Threshold {
  const scanner = new ThresholdScanner(text);
  const label = scanner.label();
  const pattern = scanner.users();
  if (pattern === undefined) {
    const measure = scanner.measure(RUN_MEASURES);
    const operator = scanner.operator(OPERATORS);
    return { text, label, of: { users: undefined, measure }, operator, limit: scanner.number(measure.unit) };
  }
  const measure = scanner.measure(USER_MEASURES);
  const operator = scanner.operator(OPERATORS);
  return {
    text,
    label,
    of: { users: glob(pattern), measure },
    operator,
    limit: scanner.number(measure.unit),
  };
}

/** What a threshold came to. */
export interface ThresholdResult {
  /** As it was written. */
  readonly check: string;
  /** Of a bench: whose result it is. */
  readonly label?: string;
  readonly unit: MeasureUnit;
  readonly operator: Operator;
  readonly limit: number;
  /** Of the user who is furthest from keeping it, where it is about users; null where it is not known. */
  readonly value: number | null;
  /** Why it is not known, where it is not. */
  readonly unknownBecause?: string;
  readonly user: string | null;
  /** How many users were looked at, and how many of them do not keep it. */
  readonly users: number | null;
  readonly usersFailed: number | null;
  readonly passed: boolean;
}

/** A value that is not known keeps nothing: a run of which nobody knows what is missing has not passed. */
export function evaluateThreshold(threshold: Threshold, report: RunReport): ThresholdResult {
  const { text, operator, limit, of } = threshold;
  const head = { check: text, unit: of.measure.unit, operator, limit };
  if (of.users === undefined) {
    const value = of.measure.of(report);
    const passed = keeps(value, threshold);
    const why = value === null ? of.measure.why?.(report, report) : undefined;
    return { ...head, value, ...because(why), user: null, users: null, usersFailed: null, passed };
  }
  let worst: { user: UserReport; value: number | null } | undefined;
  let users = 0;
  let usersFailed = 0;
  for (const one of report.users) {
    if (!of.users.matches(one.user)) continue;
    users++;
    const value = of.measure.of(one);
    if (!keeps(value, threshold)) usersFailed++;
    if (worst === undefined || isWorse(value, worst.value, threshold)) worst = { user: one, value };
  }
  const why = worst?.value === null ? of.measure.why?.(worst.user, report) : undefined;
  return {
    ...head,
    value: worst?.value ?? null,
    ...because(why),
    user: worst?.user.user ?? null,
    users,
    usersFailed,
    passed: users > 0 && usersFailed === 0,
  };
}

function because(unknownBecause: string | undefined): Pick<ThresholdResult, 'unknownBecause'> {
  return unknownBecause === undefined ? {} : { unknownBecause };
}

function keeps(value: number | null, { operator, limit }: Threshold): boolean {
  if (value === null) return false;
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
    case '!=':
      return value !== limit;
  }
}

/** Further from keeping it; what is not known is furthest. */
function isWorse(value: number | null, than: number | null, threshold: Threshold): boolean {
  if (than === null) return false;
  return value === null || distance(value, threshold) > distance(than, threshold);
}

function distance(value: number, { operator, limit }: Threshold): number {
  switch (operator) {
    case '<':
    case '<=':
      return value - limit;
    case '>':
    case '>=':
      return limit - value;
    case '==':
      return Math.abs(value - limit);
    case '!=':
      return -Math.abs(value - limit);
  }
}
