import { z } from 'zod';
import { FairqError } from '../../core/errors/errors.js';
import { type Names, routingKeyOf, userQueueOf } from '../../core/queues/names.js';
import type { Api } from '../http/api.js';
import { Problem } from '../http/problem.js';
import { ATTENTION, attentionTo } from '../overview/attention.js';
import { ONE_USER, ownView, USERS, WORKERS } from '../overview/overview-views.js';
import { RECENT } from '../overview/recent-schema.js';
import { recentView } from '../overview/recent-view.js';
import { USER_SORTS } from '../overview/user-order.js';
import { usersPage } from '../overview/users-page.js';
import { json } from './json.js';
import type { Services } from './services.js';

const MOST_A_PAGE = 1_000;
/** A longer one fits no name of a user. */
const MOST_CHARACTERS = 1_000;

const USERS_QUERY = z.strictObject({
  sort: z.enum(USER_SORTS).default('backlog'),
  order: z.enum(['asc', 'desc']).optional().describe('desc where nothing is said; asc for user'),
  limit: z.coerce.number().int().min(1).max(MOST_A_PAGE).default(100),
  search: z.string().max(MOST_CHARACTERS).optional().describe('a part of the name, in capitals or not'),
  cursor: z
    .string()
    .max(4 * MOST_CHARACTERS)
    .optional()
    .describe('"next" or "previous" of another page'),
  attention: z.enum(ATTENTION).optional().describe('users alone of whom this is to be said'),
  tenant: z.string().max(MOST_CHARACTERS).optional().describe('users of this tenant alone'),
});

const CANNOT_SAY = { 503: { description: 'the broker does not say, and why' } };

/** Who waits and who runs: `/v1/me`, `/v1/users` and `/v1/workers`. */
export function addOverviewRoutes(api: Api, services: Services): void {
  const { overview, recent, names, nowMicros, requireOwnQueues } = services;
  api.add(
    {
      id: 'getMe',
      method: 'get',
      path: '/v1/me',
      tag: 'overview',
      role: 'user',
      summary: 'How whoever asks fares now.',
      answers: {
        200: { description: 'its figures; null for one that is not known', schema: ONE_USER },
        ...CANNOT_SAY,
      },
    },
    async ({ identity: { user, roles } }) => {
      requireOwnQueues();
      try {
        const { age, figures } = await overview.own(user);
        return json(200, { ...age, ...(roles.has('viewer') ? figures : ownView(figures)) });
      } catch (error) {
        // Where the broker is, and what it says to the server, is for those who look after it.
        if (!(error instanceof Problem) || roles.has('viewer')) throw error;
        const { status, slug, title, details } = error;
        throw new Problem(status, slug, title, 'Ask again later.', details);
      }
    },
  );

  api.add(
    {
      id: 'listUsers',
      method: 'get',
      path: '/v1/users',
      tag: 'overview',
      role: 'viewer',
      summary: 'How all users fare now, a page at a time.',
      query: USERS_QUERY,
      answers: { 200: { description: 'a page of users', schema: USERS }, ...CANNOT_SAY },
    },
    async ({ query }) => {
      requireOwnQueues();
      const { age, users, shared } = await overview.users();
      return json(200, { ...age, shared, ...usersPage(users, query) });
    },
  );

  api.add(
    {
      id: 'getUser',
      method: 'get',
      path: '/v1/users/{user}',
      tag: 'overview',
      role: 'user',
      summary: 'How a user fares now: oneself, or anybody for a viewer.',
      answers: {
        200: { description: 'its figures; null for one that is not known', schema: ONE_USER },
        404: {
          description:
            'nobody has heard of this user, and nothing is set by its name, or it is somebody else',
        },
        ...CANNOT_SAY,
      },
    },
    async ({ identity, params: { user = '' } }) => {
      requireOwnQueues();
      const isViewer = identity.roles.has('viewer');
      const maySee = isViewer || identity.user === user;
      const found = maySee && canBeUser(names, user) ? await overview.user(user) : undefined;
      if (found === undefined) throw noSuchUser();
      if (!isViewer) return json(200, { ...found.age, ...ownView(found.figures) });
      const told = { attention: attentionTo(found.figures), queue: userQueueOf(names, user) };
      return json(200, { ...found.age, ...found.figures, ...told });
    },
  );

  api.add(
    {
      id: 'getRecent',
      method: 'get',
      path: '/v1/users/{user}/recent',
      tag: 'overview',
      role: 'viewer',
      summary: 'What ended of a user lately, how long it had waited, and who was served meanwhile.',
      answers: {
        200: { description: 'as far back as this server knows', schema: RECENT },
        404: { description: 'it can be nobody' },
      },
    },
    async ({ params: { user = '' } }) => {
      requireOwnQueues();
      if (!canBeUser(names, user)) throw noSuchUser();
      return json(200, recentView(recent, user, nowMicros() / 1_000));
    },
  );

  api.add(
    {
      id: 'listWorkers',
      method: 'get',
      path: '/v1/workers',
      tag: 'overview',
      role: 'viewer',
      summary: 'Which workers are there, and what they do.',
      answers: { 200: { description: 'all workers that were heard', schema: WORKERS }, ...CANNOT_SAY },
    },
    async () => {
      const { age, ...workers } = await overview.workers();
      return json(200, { at: age.at, workersKnown: age.workersKnown, ...workers });
    },
  );
}

export function canBeUser(names: Names, user: string): boolean {
  try {
    routingKeyOf(names, user);
    return true;
  } catch (error) {
    if (error instanceof FairqError) return false;
    throw error;
  }
}

export function noSuchUser(): Problem {
  return new Problem(404, 'no-such-user', 'Nobody has heard of this user', 'It may be somebody else.');
}
