import { z } from 'zod';
import { parseDuration } from '../../core/values/quantities.js';
import { deadAnswer } from '../actions/dead-action-views.js';
import type { DeadVerb } from '../actions/dead-actions.js';
import { PLANNED } from '../actions/planned-view.js';
import type { Api } from '../http/api.js';
import { Problem } from '../http/problem.js';
import { DEAD_SELECTION } from './dead-routes.js';
import { json } from './json.js';
import type { Services } from './services.js';

const DEFAULT_IDLE_FOR = '30m';
const MOST_OBSERVE_MS = 60_000;
const MOST_PLANNED = 10_000;

/** A plan of 10,000 queues or letters; what a body may have is limited besides. */
const token = z
  .string()
  .max(4 * 1024 * 1024)
  .optional()
  .describe('of a plan: carries that plan out. Nothing else is said then');
const duration = z
  .string()
  .regex(/^\d{1,9}(?:\.\d{1,9})?(?:us|ms|s|m|h)$/, 'is not a time such as 90s, 30m or 12h');
const max = z.int().min(1).max(MOST_PLANNED).optional().describe(`so many at most (${MOST_PLANNED})`);

const TOKEN_ALONE = 'a token stands alone: its plan says all that was chosen';

function isAlone(body: { readonly token?: string | undefined }): boolean {
  return body.token === undefined || Object.values(body).filter((value) => value !== undefined).length === 1;
}

const ofQueue = (action: 'purge' | 'delete') => ({
  action: z.literal(action),
  user: z.string(),
  queue: z.string(),
});

const queueAnswer = (action: 'purge' | 'delete', id: string) =>
  z
    .discriminatedUnion('carriedOut', [
      z.object({
        ...ofQueue(action),
        ...PLANNED,
        tasks: z.int().describe('that wait now, and would be thrown away'),
      }),
      z.object({ ...ofQueue(action), carriedOut: z.literal(true), tasks: z.int().describe('thrown away') }),
    ])
    .meta({ id });

const count = z.int();
const PRUNE = z
  .discriminatedUnion('carriedOut', [
    z.object({
      action: z.literal('prune'),
      ...PLANNED,
      idleForMs: z.number(),
      queues: count.describe('that would be deleted'),
      examples: z.array(
        z.object({
          name: z.string(),
          user: z.string().optional(),
          type: z.string(),
          memoryBytes: count,
          consumers: count,
          idleMs: z.number(),
        }),
      ),
      memoryBytes: count,
      longestIdleMs: z.number().nullable(),
      shortestIdleMs: z.number().nullable(),
      beyondMax: count.describe('idle as well, and more than max'),
      tooSoon: count.describe('empty, and not known to be idle for so long'),
      withTasks: count,
    }),
    z.object({
      action: z.literal('prune'),
      carriedOut: z.literal(true),
      pruned: count,
      kept: count,
      failed: count,
      memoryBytes: count,
      seconds: z.number(),
      notBegun: count.describe('the server ended before it came to them'),
      outcomes: z.array(
        z.object({
          queue: z.string(),
          outcome: z.enum(['pruned', 'kept', 'failed']),
          reason: z.string().optional(),
        }),
      ),
    }),
  ])
  .meta({ id: 'Prune' });

const CAN_FAIL = {
  400: { description: 'the token is none of a plan of this action' },
  409: {
    description:
      'the plan is too old, or what is there is no longer what was planned; then there is a new one. Or somebody else is at work',
  },
  503: { description: 'the broker is away or under an alarm; what was done is said' },
};

/** Without a token what would be done, and with the token of that what was. */
async function planOrDone(
  token: string | undefined,
  plan: () => Promise<object>,
  carryOut: (token: string) => Promise<object>,
): Promise<Response> {
  return json(200, token === undefined ? await plan() : await carryOut(token));
}

/** What operators do. Without a token each says what would be done, and with the token of that it is done. */
export function addActionRoutes(api: Api, { actions, dead, requireOwnQueues }: Services): void {
  api.add(
    {
      id: 'purgeUser',
      method: 'post',
      path: '/v1/users/{user}:purge',
      tag: 'actions',
      role: 'operator',
      summary: 'Throw away the tasks that wait for a user. Those that workers have are run.',
      body: z.strictObject({ token }),
      answers: {
        200: { description: 'the plan, or what was done', schema: queueAnswer('purge', 'Purge') },
        404: { description: 'there is no such queue, or the user shares one with others' },
        ...CAN_FAIL,
      },
    },
    async ({ identity, params: { user = '' }, body }) => {
      requireOwnQueues();
      return planOrDone(
        body.token,
        () => actions.queues.planPurge(user),
        (token) => actions.queues.purge(user, token, identity.user),
      );
    },
  );

  api.add(
    {
      id: 'deleteUser',
      method: 'post',
      path: '/v1/users/{user}:delete',
      tag: 'actions',
      role: 'operator',
      summary: "Delete a user's queue. It is made again when the user needs one.",
      body: z
        .strictObject({
          token,
          withTasks: z.boolean().optional().describe('though tasks wait in it: they are thrown away'),
        })
        .refine(isAlone, TOKEN_ALONE),
      answers: {
        200: { description: 'the plan, or what was done', schema: queueAnswer('delete', 'Delete') },
        404: { description: 'there is no such queue, or the user shares one with others' },
        ...CAN_FAIL,
      },
    },
    async ({ identity, params: { user = '' }, body }) => {
      requireOwnQueues();
      return planOrDone(
        body.token,
        () => actions.queues.planDelete(user, body.withTasks === true),
        (token) => actions.queues.delete(user, token, identity.user),
      );
    },
  );

  api.add(
    {
      id: 'pruneQueues',
      method: 'post',
      path: '/v1/queues:prune',
      tag: 'actions',
      role: 'operator',
      summary: 'Delete user queues that nobody uses any more, and lose no task.',
      body: z
        .strictObject({
          token,
          idleFor: duration.optional().describe(`nothing came or went for so long (${DEFAULT_IDLE_FOR})`),
          observe: duration
            .optional()
            .describe('watch the queues now for so long, and go by that; up to 60s'),
          match: z
            .string()
            .min(1)
            .max(1_000)
            .optional()
            .describe('queues whose name or user matches: * and ?'),
          max,
        })
        .refine(isAlone, TOKEN_ALONE)
        .refine(
          ({ idleFor, observe }) => idleFor === undefined || observe === undefined,
          'idleFor and observe exclude each other',
        ),
      answers: { 200: { description: 'the plan, or what was done', schema: PRUNE }, ...CAN_FAIL },
    },
    async ({ identity, body }) => {
      requireOwnQueues();
      if (body.token !== undefined) return json(200, await actions.prune.carryOut(body.token, identity.user));
      const { idleFor = DEFAULT_IDLE_FOR, observe, match } = body;
      const observeMs = observe === undefined ? undefined : parseDuration(observe, 'observe');
      if (observeMs !== undefined && observeMs > MOST_OBSERVE_MS) {
        throw new Problem(
          400,
          'bad-request',
          'The request is not as it has to be',
          'body.observe: is more than 60s',
        );
      }
      const idleForMs = parseDuration(idleFor, 'idleFor');
      return json(
        200,
        await actions.prune.plan({ match, idleForMs, observeMs, max: body.max ?? MOST_PLANNED }),
      );
    },
  );

  addDeadAction(api, { actions, dead }, 'redrive', 'Send dead letters back to the queues of their users.');
  addDeadAction(api, { actions, dead }, 'discard', 'Throw dead letters away, for good.');
}

function addDeadAction(
  api: Api,
  { actions, dead }: Pick<Services, 'actions' | 'dead'>,
  verb: DeadVerb,
  summary: string,
): void {
  api.add(
    {
      id: `${verb}Dead`,
      method: 'post',
      path: `/v1/dead:${verb}`,
      tag: 'actions',
      role: 'operator',
      summary,
      body: z
        .strictObject({
          token,
          ...DEAD_SELECTION,
          all: z.literal(true).optional().describe('all of them'),
          max,
        })
        .refine(isAlone, TOKEN_ALONE)
        .refine(
          ({ token: planned, all, id, user, run, task, reason }) =>
            planned !== undefined ||
            (all === true) !== [id, user, run, task, reason].some((value) => value !== undefined),
          'choose by id, user, run, task or reason, or say "all": true',
        ),
      answers: {
        200: {
          description: 'the plan, or what was done',
          schema: deadAnswer(verb, verb === 'redrive' ? 'Redrive' : 'Discard'),
        },
        404: { description: 'there is no letter with this id' },
        ...CAN_FAIL,
      },
    },
    async ({ identity, body }) => {
      const { token: planned, all: _, max: most, ...selection } = body;
      return planOrDone(
        planned,
        () => actions.dead.plan(verb, selection, most),
        (given) => actions.dead.carryOut(verb, given, identity.user).finally(() => dead.changed()),
      );
    },
  );
}
