import { z } from 'zod';
import { PRECEDENCE } from '../../core/explain/reason.js';
import type { Api } from '../http/api.js';
import { explanationView } from '../overview/explanation-view.js';
import { json } from './json.js';
import { canBeUser, noSuchUser } from './overview-routes.js';
import type { Services } from './services.js';

const EXPECTED = z
  .unknown()
  .describe('a range of milliseconds from now, or {"unknown": why}; null where nothing waits');

const EXPLANATION = z
  .object({
    explainedSecondsAgo: z.number().describe('how old this answer is: seconds'),
    user: z.string(),
    waiting: z.int(),
    running: z.int(),
    reasons: z
      .array(z.looseObject({ why: z.enum(PRECEDENCE as [string, ...string[]]) }))
      .describe('the one that decides comes first; each has the number that proves it'),
    nextStart: EXPECTED,
    end: EXPECTED.describe('of all that waits now'),
    restsOn: z.unknown().describe('what these are reckoned from'),
    queue: z.string().nullable().optional().describe('told to viewers'),
    workers: z
      .array(z.string())
      .nullable()
      .optional()
      .describe('that answered; null where none could be asked; told to viewers'),
  })
  .meta({ id: 'Explanation' });

/** `GET /v1/users/{user}/explain`, as `fairq explain`. */
export function addExplainRoutes(api: Api, { explanations, names, requireOwnQueues }: Services): void {
  api.add(
    {
      id: 'explainUser',
      method: 'get',
      path: '/v1/users/{user}/explain',
      tag: 'overview',
      role: 'user',
      summary:
        'Why a user waits: oneself, or anybody for a viewer. Names of others are told to viewers alone.',
      answers: {
        200: { description: 'the reasons', schema: EXPLANATION },
        404: { description: 'it is somebody else, or can be nobody' },
        503: { description: 'the broker does not say, or too many ask' },
      },
    },
    async ({ identity, params: { user = '' } }) => {
      requireOwnQueues();
      const all = identity.roles.has('viewer');
      if (!(all || identity.user === user) || !canBeUser(names, user)) throw noSuchUser();
      const { value, secondsAgo } = await explanations.ofUser(user);
      return json(200, { explainedSecondsAgo: secondsAgo, ...explanationView(value, all) });
    },
  );
}
