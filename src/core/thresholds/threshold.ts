import type { RunReport, UserReport } from '../reports/run-report.js';
import type { RunWithTenants, TenantReport } from '../reports/tenants-report.js';
import { type Glob, glob } from '../values/glob.js';
import { ThresholdScanner } from './scanner.js';
import {
  type Measure,
  type MeasureUnit,
  RUN_MEASURES,
  TENANT_MEASURES,
  USER_MEASURES,
} from './threshold-measures.js';

export const OPERATORS = ['<=', '>=', '==', '!=', '<', '>'] as const;
export type Operator = (typeof OPERATORS)[number];

/** What a run has to keep. */
export interface Threshold {
  /** As it was written. */
  readonly text: string;
  /** Which of a bench's results, by their label; undefined for those that are fair. */
  readonly label: string | undefined;
  readonly of: RunMeasured | UserMeasured | TenantMeasured;
  readonly operator: Operator;
  /** In the unit of the measure. */
  readonly limit: number;
}

interface RunMeasured {
  readonly kind: 'run';
  readonly measure: Measure<RunReport>;
}

/** Every user that matches has to keep it. */
interface UserMeasured {
  readonly kind: 'user';
  readonly which: Glob;
  readonly measure: Measure<UserReport>;
}

/** Every tenant that matches has to keep it. */
interface TenantMeasured {
  readonly kind: 'tenant';
  readonly which: Glob;
  readonly measure: Measure<TenantReport>;
}

/**
 * Reads one threshold:
 *
 *     threshold = [ label ":" ] [ ( "user(" | "tenant(" ) glob ")." ] measure operator number
 *     measure   = a name of RUN_MEASURES, or of USER_MEASURES after a user, of TENANT_MEASURES after a tenant
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
  const subject = scanner.subject();
  const of = measuredOf(scanner, subject);
  const operator = scanner.operator(OPERATORS);
  return { text, label, of, operator, limit: scanner.number(of.measure.unit) };
}

function measuredOf(
  scanner: ThresholdScanner,
  subject: { readonly kind: 'user' | 'tenant'; readonly pattern: string } | undefined,
): Threshold['of'] {
  if (subject === undefined) return { kind: 'run', measure: scanner.measure(RUN_MEASURES) };
  const which = glob(subject.pattern);
  return subject.kind === 'user'
    ? { kind: 'user', which, measure: scanner.measure(USER_MEASURES) }
    : { kind: 'tenant', which, measure: scanner.measure(TENANT_MEASURES) };
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
  /** The same of tenants, where it is about tenants. */
  readonly tenant?: string | null;
  readonly tenants?: number;
  readonly tenantsFailed?: number;
  readonly passed: boolean;
}

/** A value that is not known keeps nothing: a run of which nobody knows what is missing has not passed. */
export function evaluateThreshold(threshold: Threshold, report: RunWithTenants): ThresholdResult {
  const { text, operator, limit, of } = threshold;
  const head = { check: text, unit: of.measure.unit, operator, limit };
  const ofNobody = { user: null, users: null, usersFailed: null };
  if (of.kind === 'run') {
    const value = of.measure.of(report);
    const passed = keeps(value, threshold);
    const why = value === null ? of.measure.why?.(report, report) : undefined;
    return { ...head, value, ...because(why), ...ofNobody, passed };
  }
  if (of.kind === 'user') {
    const users = report.users.filter(({ user }) => of.which.matches(user));
    const { worst, failed, ...found } = worstOf(users, of.measure, threshold, report);
    return { ...head, ...found, user: worst?.user ?? null, users: users.length, usersFailed: failed };
  }
  if (report.tenants === undefined) {
    const unknownBecause = 'nobody has said whom users belong to';
    return { ...head, value: null, unknownBecause, ...ofNobody, passed: false };
  }
  const tenants = report.tenants.tenants.filter(({ tenant }) => of.which.matches(tenant));
  const { worst, failed, ...found } = worstOf(tenants, of.measure, threshold, report);
  const ofTenants = { tenant: worst?.tenant ?? null, tenants: tenants.length, tenantsFailed: failed };
  return { ...head, ...found, ...ofNobody, ...ofTenants };
}

/** Who is furthest from keeping it, and how many do not; without anybody it is not kept. */
function worstOf<Subject>(
  subjects: readonly Subject[],
  { of, why }: Measure<Subject>,
  threshold: Threshold,
  report: RunReport,
) {
  let worst: { subject: Subject; value: number | null } | undefined;
  let failed = 0;
  for (const subject of subjects) {
    const value = of(subject);
    if (!keeps(value, threshold)) failed++;
    if (worst === undefined || isWorse(value, worst.value, threshold)) worst = { subject, value };
  }
  return {
    value: worst?.value ?? null,
    ...because(worst?.value === null ? why?.(worst.subject, report) : undefined),
    worst: worst?.subject,
    failed,
    passed: subjects.length > 0 && failed === 0,
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
