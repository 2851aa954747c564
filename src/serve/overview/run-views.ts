import { z } from 'zod';

const count = z.int().nullable();
const time = z.iso.datetime().nullable();
const PERCENTILES = z
  .object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() })
  .meta({ id: 'Percentiles' })
  .nullable();

const REPORTED = z.number().describe('how old this answer is: seconds');

export const RUNS = z
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

export const REPORT = z
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

export type Runs = z.output<typeof RUNS>;
export type RunReportTold = z.output<typeof REPORT>;
