import type { Percentiles, RunReport, UserReport } from '../report.js';

/** What a threshold's number counts, and so how it is written: `2s`, `0.99` or `99%`, `5000` or `5000/s`, `3`. */
export type MeasureUnit = 'ms' | 'share' | 'rate' | 'tasks' | 'position';

export interface Measure<Subject> {
  readonly unit: MeasureUnit;
  /** Null where it is not known. */
  of(subject: Subject): number | null;
}

const PERCENTILES = ['p50', 'p95', 'p99', 'max'] as const satisfies readonly (keyof Percentiles)[];

function dwells<Subject extends { readonly dwellMs: Percentiles | null }>(): [string, Measure<Subject>][] {
  return PERCENTILES.map((which) => [
    `dwell.${which}`,
    { unit: 'ms', of: ({ dwellMs }: Subject) => dwellMs?.[which] ?? null },
  ]);
}

/** While tasks wait or run it is not known what will be missing. */
function missing({ outstanding, missing }: Pick<RunReport, 'outstanding' | 'missing'>): number | null {
  return outstanding === missing ? missing : null;
}

/** Of a whole run, by the name that `--check` knows. */
export const RUN_MEASURES: ReadonlyMap<string, Measure<RunReport>> = new Map<string, Measure<RunReport>>([
  ['jain', { unit: 'share', of: ({ fairness }) => fairness.jainAtHalf }],
  ['lag', { unit: 'tasks', of: ({ fairness }) => fairness.maxLagTasks }],
  ['lag.time', { unit: 'ms', of: ({ fairness }) => fairness.maxLagMs }],
  ['missing', { unit: 'tasks', of: missing }],
  ['outstanding', { unit: 'tasks', of: ({ outstanding }) => outstanding }],
  ['failed', { unit: 'tasks', of: ({ failed }) => failed }],
  ['retries', { unit: 'tasks', of: ({ retries }) => retries }],
  ['duplicates', { unit: 'tasks', of: ({ duplicates }) => duplicates }],
  ['completed', { unit: 'tasks', of: ({ completed }) => completed }],
  ['published', { unit: 'tasks', of: ({ published }) => published }],
  ['late', { unit: 'tasks', of: ({ sending }) => sending?.late ?? null }],
  ['throughput', { unit: 'rate', of: ({ tasksPerSecond }) => tasksPerSecond }],
  ['duration', { unit: 'ms', of: ({ seconds }) => seconds * 1_000 }],
  ...dwells<RunReport>(),
]);

/** Of one user, as in `user(B).lag`. */
export const USER_MEASURES: ReadonlyMap<string, Measure<UserReport>> = new Map<string, Measure<UserReport>>([
  ['tasks', { unit: 'tasks', of: ({ tasks }) => tasks }],
  ['missing', { unit: 'tasks', of: missing }],
  ['outstanding', { unit: 'tasks', of: ({ outstanding }) => outstanding }],
  ['failed', { unit: 'tasks', of: ({ failed }) => failed }],
  ['retries', { unit: 'tasks', of: ({ retries }) => retries }],
  ['lag', { unit: 'tasks', of: ({ maxLagTasks }) => maxLagTasks }],
  ['start', { unit: 'position', of: ({ firstStartPosition }) => firstStartPosition }],
  ['first', { unit: 'position', of: ({ firstCompletionPosition }) => firstCompletionPosition }],
  ['last', { unit: 'position', of: ({ lastCompletionPosition }) => lastCompletionPosition }],
  ...dwells<UserReport>(),
]);
