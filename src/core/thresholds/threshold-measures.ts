import type { Percentiles, RunReport, UserReport } from '../reports/run-report.js';
import type { TenantReport } from '../reports/tenants-report.js';

/** What a threshold's number counts, and so how it is written: `2s`, `0.99` or `99%`, `5000` or `5000/s`, `3`. */
export type MeasureUnit = 'ms' | 'share' | 'rate' | 'tasks' | 'position';

export interface Measure<Subject> {
  readonly unit: MeasureUnit;
  /** Null where it is not known. */
  of(subject: Subject): number | null;
  /** Why it is not known, as the end of a sentence. */
  readonly why?: (subject: Subject, report: RunReport) => string;
}

const PERCENTILES = ['p50', 'p95', 'p99', 'max'] as const satisfies readonly (keyof Percentiles)[];

function dwells<Subject extends { readonly dwellMs: Percentiles | null }>(): [string, Measure<Subject>][] {
  return PERCENTILES.map((which) => [
    `dwell.${which}`,
    {
      unit: 'ms',
      of: ({ dwellMs }: Subject) => dwellMs?.[which] ?? null,
      why: () => 'no task has completed',
    },
  ]);
}

/** While tasks wait or run it is not known what will be missing. */
function missing({ outstanding, missing }: Pick<RunReport, 'outstanding' | 'missing'>): number | null {
  return outstanding === missing ? missing : null;
}

type Missing = Pick<RunReport, 'outstanding' | 'missing'>;

function whyMissing({ outstanding }: Missing, report: RunReport): string {
  return outstanding === null ? whyPublished(report) : 'what is missing is not known while the run goes on';
}

function whyPublished({ window }: RunReport): string {
  return window === null
    ? 'no publisher has said how many tasks it sent'
    : 'what was to run in a part of a run is not known';
}

/** How many tasks there are to be is known from publishers alone. */
const ofPublished = { why: (_: unknown, report: RunReport) => whyPublished(report) };
/** What has not ended may have run beside what has. */
const atOnce = {
  unit: 'tasks' as const,
  of: ({ mostRunning, running, unknown, missing }: AtOnce) =>
    (running ?? 0) + (unknown ?? 0) + (missing ?? 0) > 0 ? null : mostRunning,
  why: ({ running }: AtOnce) =>
    running ? 'tasks of it still run' : 'it is not known of all its tasks whether they ran, and until when',
};

type AtOnce = Pick<RunReport & UserReport & TenantReport, 'mostRunning' | 'running' | 'unknown' | 'missing'>;

const notCompleted = { why: () => 'no task of it has completed' };

/** Of a whole run, by the name that `--check` knows. */
export const RUN_MEASURES: ReadonlyMap<string, Measure<RunReport>> = new Map<string, Measure<RunReport>>([
  ['jain', { unit: 'share', of: ({ fairness }) => fairness.jainAtHalf }],
  ['lag', { unit: 'tasks', of: ({ fairness }) => fairness.maxLagTasks }],
  ['lag.time', { unit: 'ms', of: ({ fairness }) => fairness.maxLagMs }],
  ['missing', { unit: 'tasks', of: missing, why: whyMissing }],
  ['outstanding', { unit: 'tasks', of: ({ outstanding }) => outstanding, ...ofPublished }],
  ['failed', { unit: 'tasks', of: ({ failed }) => failed }],
  ['retries', { unit: 'tasks', of: ({ retries }) => retries }],
  ['duplicates', { unit: 'tasks', of: ({ duplicates }) => duplicates }],
  ['completed', { unit: 'tasks', of: ({ completed }) => completed }],
  ['published', { unit: 'tasks', of: ({ published }) => published, ...ofPublished }],
  [
    'late',
    {
      unit: 'tasks',
      of: ({ sending }) => sending?.late ?? null,
      why: () => 'no task was to be sent at a certain time',
    },
  ],
  ['running', atOnce],
  ['throughput', { unit: 'rate', of: ({ tasksPerSecond }) => tasksPerSecond }],
  ['duration', { unit: 'ms', of: ({ seconds }) => seconds * 1_000 }],
  ...dwells<RunReport>(),
]);

/** Of one user, as in `user(B).lag`. */
export const USER_MEASURES: ReadonlyMap<string, Measure<UserReport>> = new Map<string, Measure<UserReport>>([
  ['tasks', { unit: 'tasks', of: ({ tasks }) => tasks }],
  ['missing', { unit: 'tasks', of: missing, why: whyMissing }],
  ['outstanding', { unit: 'tasks', of: ({ outstanding }) => outstanding, ...ofPublished }],
  ['failed', { unit: 'tasks', of: ({ failed }) => failed }],
  ['retries', { unit: 'tasks', of: ({ retries }) => retries }],
  ['running', atOnce],
  ['lag', { unit: 'tasks', of: ({ maxLagTasks }) => maxLagTasks }],
  ['start', { unit: 'position', of: ({ firstStartPosition }) => firstStartPosition, ...notCompleted }],
  [
    'first',
    { unit: 'position', of: ({ firstCompletionPosition }) => firstCompletionPosition, ...notCompleted },
  ],
  ['last', { unit: 'position', of: ({ lastCompletionPosition }) => lastCompletionPosition, ...notCompleted }],
  ...dwells<UserReport>(),
]);

/** Of one tenant, as in `tenant(acme).lag`. */
export const TENANT_MEASURES: ReadonlyMap<string, Measure<TenantReport>> = new Map<
  string,
  Measure<TenantReport>
>([
  ['users', { unit: 'tasks', of: ({ users }) => users }],
  ['tasks', { unit: 'tasks', of: ({ tasks }) => tasks }],
  ['missing', { unit: 'tasks', of: ({ missing }) => missing, ...ofPublished }],
  ['running', atOnce],
  ['lag', { unit: 'tasks', of: ({ maxLagTasks }) => maxLagTasks }],
  ['inside.lag', { unit: 'tasks', of: ({ inside }) => inside?.maxLagTasks ?? 0 }],
  ...dwells<TenantReport>(),
]);
