import { z } from 'zod';
import type { RunSummary } from '../../core/events/run-catalog.js';
import type { RunReport } from '../../core/reports/run-report.js';
import type { Api } from '../http/api.js';
import { timeOf } from '../http/times.js';
import { json } from './json.js';
import type { Services } from './services.js';

const count = z.int().nullable();
const time = z.iso.datetime().nullable();
const PERCENTILES = z
  .object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() })
  .meta({ id: 'Percentiles' })
  .nullable();

const limit = z.coerce.number().int().min(1).max(1_000).default(100);
const REPORTED = z.number().describe('how old this answer is: seconds');

const RUNS = z
  .object({
    reportedSecondsAgo: REPORTED,
    runs: z.array(
      z.object({
        run: z.string().describe('empty for tasks that fairq did not publish'),
        users: z.int(),
        completed: z.int(),
        published: count,
        firstAt: time,
        lastAt: time,
      }),
    ),
    hidden: z.int().describe('runs beyond the limit'),
  })
  .meta({ id: 'Runs' });

const OUTSTANDING = {
  outstanding: count.describe('published and not completed'),
  waiting: count,
  running: count,
  retrying: count,
  unknown: count.describe('waiting or missing: what cannot be told apart'),
  missing: count.describe('in no queue, at no worker and not to be tried again'),
};

const MOST_RUNNING = z.int().describe('the most attempts at once, of those that have ended or were given up');

const REPORT = z
  .object({
    reportedSecondsAgo: REPORTED,
    run: z.string(),
    runs: z.array(z.string()),
    beganAt: time,
    endedAt: time,
    seconds: z.number(),
    tasksPerSecond: z.number(),
    published: count,
    completed: z.int(),
    failed: z.int(),
    retries: z.int(),
    ...OUTSTANDING,
    duplicates: z.int(),
    mostRunning: MOST_RUNNING,
    overlaps: z
      .array(
        z.object({
          worker: z.string(),
          task: z.string(),
          user: z.string(),
          run: z.string(),
          attempt: z.int(),
          from: time,
          to: time.describe('null: its end is not known'),
        }),
      )
      .describe('attempts that ran on when their permits were lost, and others might have them'),
    overlapCount: z.int(),
    historyCutAt: time.describe('what happened before is not known any more; null where all of it is'),
    workerNames: z.array(z.string()),
    dwellMs: PERCENTILES.describe('from enqueued to started'),
    fairness: z.object({
      jainAtHalf: z.number(),
      maxLagTasks: z.number(),
      maxLagMs: z.number(),
      maxLagUser: z.string().nullable(),
      maxLagAtSeconds: z.number().nullable(),
    }),
    sending: z.unknown().describe('how well a paced load was sent; null for one that was not paced'),
    userCount: z.int(),
    users: z.array(
      z.object({
        user: z.string(),
        tasks: z.int(),
        failed: z.int(),
        retries: z.int(),
        ...OUTSTANDING,
        firstStartPosition: count,
        firstCompletionPosition: count,
        lastCompletionPosition: count,
        dwellMs: PERCENTILES,
        maxLagTasks: z.number(),
        mostRunning: MOST_RUNNING,
      }),
    ),
    usersHidden: z.int().describe('users beyond the limit'),
  })
  .meta({ id: 'RunReport' });

/** As `fairq report`. It reads all that was ever written, so many askers are given one answer. */
export function addRunRoutes(api: Api, { reports }: Services): void {
  api.add(
    {
      id: 'listRuns',
      method: 'get',
      path: '/v1/runs',
      tag: 'overview',
      role: 'viewer',
      summary: 'Which runs the event stream tells of, the latest first.',
      query: z.strictObject({ limit }),
      answers: {
        200: { description: 'the runs', schema: RUNS },
        503: { description: 'the broker does not say, or too many ask' },
      },
    },
    async ({ query }) => {
      const { value, secondsAgo } = await reports.runs();
      const runs = value.slice(0, query.limit);
      return json(200, {
        reportedSecondsAgo: secondsAgo,
        runs: runs.map(runView),
        hidden: value.length - runs.length,
      });
    },
  );

  api.add(
    {
      id: 'getRun',
      method: 'get',
      path: '/v1/runs/{run}',
      tag: 'overview',
      role: 'viewer',
      summary: 'What a run has come to: by its id, by a start that no other has, or several by * and ?.',
      query: z.strictObject({ limit: limit.describe('users that are told of one by one') }),
      answers: {
        200: { description: 'the report', schema: REPORT },
        400: { description: 'several runs start so' },
        404: { description: 'nobody has heard of this run' },
        503: { description: 'the broker does not say, or too many ask' },
      },
    },
    async ({ params: { run = '' }, query }) => {
      const { value, secondsAgo } = await reports.report(run);
      return json(200, { reportedSecondsAgo: secondsAgo, ...reportView(value, query.limit) });
    },
  );
}

function runView({ firstTime, lastTime, ...run }: RunSummary): object {
  return { ...run, firstAt: timeOf(firstTime), lastAt: timeOf(lastTime) };
}

function reportView(
  { beganAt, endedAt, historyCutAt, window: _, ...report }: RunReport,
  most: number,
): object {
  const users = report.users.slice(0, most);
  return {
    ...report,
    beganAt: timeOf(beganAt),
    endedAt: timeOf(endedAt),
    historyCutAt: timeOf(historyCutAt),
    overlaps: report.overlaps
      .slice(0, most)
      .map((one) => ({ ...one, from: timeOf(one.from), to: timeOf(one.to) })),
    users,
    usersHidden: report.userCount - users.length,
  };
}
