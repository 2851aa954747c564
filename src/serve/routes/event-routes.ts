import { z } from 'zod';
import { parseEventId } from '../events/event-id.js';
import type { Api, Asked } from '../http/api.js';
import { noSuchTask, Problem } from '../http/problem.js';
import type { Services } from './services.js';
import { stillAs } from './still-as.js';

const LAST = z
  .string()
  .optional()
  .describe('as the header Last-Event-ID, for whoever cannot set headers; the header goes before it');
const HEADERS = { 'Last-Event-ID': 'the id of the last event that came: what was written after it follows' };
const EVENTS =
  'server-sent events, named queued, started, retrying, done or failed, each with the document of its task as far as it is known; "gap" where some may be missing';
const TOO_MANY = { description: 'too many event streams are open' };

/** `GET /v1/events` and `GET /v1/tasks/{id}/events`. */
export function addEventRoutes(api: Api, services: Services): void {
  const { events, states } = services;

  api.add(
    {
      id: 'taskEvents',
      method: 'get',
      path: '/v1/tasks/{id}/events',
      tag: 'events',
      role: 'user',
      summary: 'Where a task of your own stands, and what becomes of it until it ends.',
      query: z.object({ lastEventId: LAST }),
      headers: HEADERS,
      answers: {
        200: { description: EVENTS, type: 'text/event-stream' },
        204: { description: 'it has ended, and nothing has happened since' },
        429: TOO_MANY,
        503: TOO_MANY,
      },
    },
    async ({ identity, params, query, request, identifyAgain }) => {
      const id = params.id ?? '';
      const after = lastOf(request, query.lastEventId);
      const filter = { id, ...(!identity.roles.has('viewer') && { user: identity.user }) };
      const isStill = stillAs(identity, identifyAgain);
      return events.task({ user: identity.user, request, after, isStill }, filter, async () => {
        const state = await states.find(id, identity.user);
        const isOwn = state.user === identity.user || identity.roles.has('viewer');
        if (state.state === 'unknown' || !isOwn) throw noSuchTask();
        return state;
      });
    },
  );

  api.add(
    {
      id: 'events',
      method: 'get',
      path: '/v1/events',
      tag: 'events',
      role: 'user',
      summary: 'What becomes of your own tasks; for a viewer, of those of all.',
      query: z.object({
        lastEventId: LAST,
        user: z.string().min(1).optional().describe('for a viewer: of this user alone'),
      }),
      headers: HEADERS,
      answers: {
        200: { description: EVENTS, type: 'text/event-stream' },
        429: TOO_MANY,
        503: TOO_MANY,
      },
    },
    async ({ identity, query, request, identifyAgain }) => {
      const after = lastOf(request, query.lastEventId);
      const isStill = stillAs(identity, identifyAgain);
      return events.news(
        { user: identity.user, request, after, isStill },
        { user: whose({ identity, query }) },
      );
    },
  );
}

function whose({
  identity,
  query,
}: Pick<Asked<{ user?: string | undefined }, unknown>, 'identity' | 'query'>) {
  if (identity.roles.has('viewer')) return query.user;
  if (query.user === undefined || query.user === identity.user) return identity.user;
  throw new Problem(403, 'forbidden', 'Whoever asks may not do this', 'It takes the role "viewer".');
}

function lastOf(request: Request, asked: string | undefined) {
  const text = request.headers.get('last-event-id') ?? asked;
  return text === undefined || text === '' ? undefined : parseEventId(text);
}
