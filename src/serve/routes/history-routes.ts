import { DOCTOR } from '../doctor/doctor-view.js';
import { HISTORY } from '../history/history-view.js';
import type { Api } from '../http/api.js';
import { Problem } from '../http/problem.js';
import type { AllUsers } from '../overview/overview.js';
import { json } from './json.js';
import type { Services } from './services.js';

/** What was in the last hour, and what is wrong: `/v1/history` and `/v1/doctor`. */
export function addHistoryRoutes(api: Api, services: Services): void {
  const { history, doctor, overview, requireOwnQueues } = services;
  api.add(
    {
      id: 'getHistory',
      method: 'get',
      path: '/v1/history',
      tag: 'overview',
      role: 'viewer',
      summary: 'The last hour: backlog, what was sent and what ended, and how long tasks waited.',
      answers: { 200: { description: 'an hour in steps of ten seconds', schema: HISTORY } },
    },
    async () => {
      requireOwnQueues();
      return json(200, history.document(await totalOf(() => overview.users())));
    },
  );

  api.add(
    {
      id: 'getDoctor',
      method: 'get',
      path: '/v1/doctor',
      tag: 'overview',
      role: 'viewer',
      summary: 'What “fairq doctor” finds: what is wrong or soon will be, and what to do about it.',
      answers: {
        200: { description: 'the findings; they are kept for a minute', schema: DOCTOR },
        503: { description: 'the broker does not say, and why' },
      },
    },
    async () => {
      requireOwnQueues();
      return json(200, await doctor.document());
    },
  );
}

/** Tasks in the queues of users and in shared ones, and at workers; null where the broker does not say. */
async function totalOf(ask: () => Promise<AllUsers>): Promise<number | null> {
  try {
    const { age, users, shared } = await ask();
    // Without a listing, or after an old one, only what publishers say is known.
    const isUnknown = users.every(({ unacknowledged }) => unacknowledged === null);
    if (isUnknown && users.length > 0 && typeof shared?.backlog !== 'number') return null;
    if (age.listedSecondsAgo === null) return null;
    return users.reduce(
      (sum, { backlog, unacknowledged }) => sum + (backlog ?? 0) + (unacknowledged ?? 0),
      (shared?.backlog ?? 0) + (shared?.unacknowledged ?? 0),
    );
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}
