import { z } from 'zod';
import type { RunSummary } from '../../core/events/run-catalog.js';
import type { RunReport } from '../../core/reports/run-report.js';
import type { Api } from '../http/api.js';
import { timeOf } from '../http/times.js';
import { REPORT, RUNS } from '../overview/run-views.js';
import { json } from './json.js';
import type { Services } from './services.js';

const limit = z.coerce.number().int().min(1).max(1_000).default(100);

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
