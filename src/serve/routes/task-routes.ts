import { z } from 'zod';
import type { DispatchedTask } from '../../run/publish/dispatch/dispatcher.js';
import type { Api } from '../http/api.js';
import { waitOf } from '../http/prefer.js';
import { noSuchTask, Problem } from '../http/problem.js';
import { tracedBy } from '../tasks/request-trace.js';
import { TASK_VIEW, taskView } from '../tasks/task-view.js';
import { json } from './json.js';
import type { Services } from './services.js';

/** RFC 7240: so long at most a request waits for the end of its task; seconds. */
const MOST_WAIT_SECONDS = 30;

const ACCEPTED = z.object({ id: z.string(), user: z.string() }).meta({ id: 'Accepted' });

/** `POST /v1/tasks` and `GET /v1/tasks/{id}`. */
export function addTaskRoutes(api: Api, services: Services): void {
  const { states, kind, newId, closing } = services;

  api.add(
    {
      id: 'sendTask',
      method: 'post',
      path: '/v1/tasks',
      tag: 'tasks',
      role: 'user',
      summary: 'Send a task to the queue of whoever asks.',
      headers: {
        Prefer: 'wait=10: answer with the result, if it is there within 10 s (at most 30)',
        'Idempotency-Key':
          'a request with the same key and body is carried out once, and answered in the same way',
        traceparent:
          'where your trace goes on (W3C Trace Context): the handler and GET /v1/tasks/{id} have it',
        tracestate: 'what goes with traceparent',
      },
      body: kind.schema,
      answers: {
        200: { description: 'it has ended within the time of Prefer: wait', schema: TASK_VIEW },
        202: {
          description: 'the broker has confirmed it',
          schema: ACCEPTED,
          headers: { Location: 'where to ask what became of it' },
        },
      },
    },
    async ({ identity, body, text, request }) => {
      const { user } = identity;
      const seconds = waitOf(request, 0, MOST_WAIT_SECONDS);
      const planned = kind.plan(newId(), user, body, text, services.nowMicros());
      const task = tracedBy(request.headers, planned);
      const id = await sendOnce(services, task, request.headers.get('idempotency-key'), text);
      const headers = { location: `/v1/tasks/${encodeURIComponent(id)}` };
      if (seconds > 0) {
        const state = await states.ended(id, seconds * 1000, [closing, request.signal]);
        if (state !== undefined) {
          return json(200, taskView(state), { ...headers, 'preference-applied': `wait=${seconds}` });
        }
      }
      return json(202, { id, user }, headers);
    },
  );

  api.add(
    {
      id: 'getTask',
      method: 'get',
      path: '/v1/tasks/{id}',
      tag: 'tasks',
      role: 'user',
      summary: 'Where a task of your own stands.',
      answers: { 200: { description: 'where it stands', schema: TASK_VIEW } },
    },
    async ({ identity, params }) => {
      const id = params.id ?? '';
      const state = await states.find(id, identity.user);
      const isOwn = state.user === identity.user || identity.roles.has('viewer');
      if (state.state === 'unknown' || !isOwn) {
        throw noSuchTask();
      }
      if (state.state === 'expired') {
        throw new Problem(
          410,
          'result-expired',
          'The task is done, and its result is no longer kept',
          undefined,
          {
            more: { task: taskView(state) },
          },
        );
      }
      return json(200, taskView(state, services.warningOf(state)));
    },
  );
}

/** @returns the id of the task, which may have been sent before with the same key */
async function sendOnce(
  { sending, keys, kind }: Services,
  task: DispatchedTask,
  key: string | null,
  body: string,
): Promise<string> {
  sending.checkReady();
  await kind.prepare(task.user);
  if (key === null) {
    await sending.send(task);
    return task.id;
  }
  await sending.ready(task);
  return keys.once(
    kind.scope,
    task.user,
    key,
    body,
    (given) => sending.dispatch({ ...task, id: given }),
    (given, sent) => sending.within(given, sent),
  );
}
