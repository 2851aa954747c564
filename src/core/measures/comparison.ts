import type { Percentiles, RunReport, UserReport } from '../reports/run-report.js';

/** Less than that is about the same. */
const ABOUT_THE_SAME = 0.05;

export type Verdict = 'better' | 'worse' | 'same';

export type ComparedUnit = 'ms' | 'rate' | 'share' | 'tasks';

/** One measure of two runs. */
export interface ComparedMeasure {
  readonly name: string;
  readonly unit: ComparedUnit;
  /** Null where it is not known. */
  readonly before: number | null;
  readonly now: number | null;
  /** Null where either is not known. By less than 5 % it is the same. */
  readonly verdict: Verdict | null;
}

/** The dwell (p95) of a user in two runs. */
export interface ComparedUser {
  readonly user: string;
  readonly before: number;
  readonly now: number;
  readonly verdict: Verdict;
}

export interface Comparison {
  readonly measures: readonly ComparedMeasure[];
  /** Of the users in both, those that got worse by most first. */
  readonly users: readonly ComparedUser[];
  readonly onlyBefore: number;
  readonly onlyNow: number;
}

interface Compared {
  readonly name: string;
  readonly unit: ComparedUnit;
  readonly of: (report: RunReport) => number | null;
  readonly moreIsBetter?: boolean;
}

const dwell = (which: keyof Percentiles): Compared => ({
  name: `dwell, ${which}`,
  unit: 'ms',
  of: ({ dwellMs }) => dwellMs?.[which] ?? null,
});

const MEASURES: readonly Compared[] = [
  { name: 'tasks a second', unit: 'rate', of: ({ tasksPerSecond }) => tasksPerSecond, moreIsBetter: true },
  {
    name: "Jain's index at half time",
    unit: 'share',
    of: ({ fairness }) => fairness.jainAtHalf,
    moreIsBetter: true,
  },
  { name: 'largest lag', unit: 'tasks', of: ({ fairness }) => fairness.maxLagTasks },
  { name: 'largest lag, as work', unit: 'ms', of: ({ fairness }) => fairness.maxLagMs },
  dwell('p50'),
  dwell('p95'),
  dwell('p99'),
  dwell('max'),
  { name: 'completed', unit: 'tasks', of: ({ completed }) => completed, moreIsBetter: true },
  { name: 'missing', unit: 'tasks', of: ({ missing }) => missing },
  { name: 'failed', unit: 'tasks', of: ({ failed }) => failed },
  { name: 'completed again', unit: 'tasks', of: ({ duplicates }) => duplicates },
];

/** What got better and what got worse from one run to another. */
export function compareRuns(before: RunReport, now: RunReport): Comparison {
  const usersBefore = new Map(before.users.map((user) => [user.user, user]));
  const inBoth = now.users.flatMap((user) => {
    const earlier = usersBefore.get(user.user);
    const compared = earlier && compareUsers(earlier, user);
    return compared === undefined ? [] : [compared];
  });
  const ratio = ({ before: b, now: n }: ComparedUser) => (n + 0.001) / (b + 0.001);
  const known = new Set(now.users.map(({ user }) => user));
  return {
    measures: MEASURES.map(({ name, unit, of, moreIsBetter = false }) => {
      const values = { before: of(before), now: of(now) };
      return { name, unit, ...values, verdict: verdictOn(values.before, values.now, moreIsBetter) };
    }),
    users: inBoth.sort((a, b) => ratio(b) - ratio(a)),
    onlyBefore: before.users.filter(({ user }) => !known.has(user)).length,
    onlyNow: now.users.filter(({ user }) => !usersBefore.has(user)).length,
  };
}

function compareUsers(before: UserReport, now: UserReport): ComparedUser | undefined {
  if (before.dwellMs === null || now.dwellMs === null) return undefined;
  const values = { before: before.dwellMs.p95, now: now.dwellMs.p95 };
  return { user: now.user, ...values, verdict: verdictOn(values.before, values.now, false) ?? 'same' };
}

function verdictOn(before: number | null, now: number | null, moreIsBetter: boolean): Verdict | null {
  if (before === null || now === null) return null;
  if (Math.abs(now - before) <= ABOUT_THE_SAME * Math.max(Math.abs(before), Math.abs(now))) return 'same';
  return now > before === moreIsBetter ? 'better' : 'worse';
}
