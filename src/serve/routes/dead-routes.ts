import { z } from 'zod';
import { GROUP_FIELDS, type GroupField } from '../../core/message/dead-letter-groups.js';
import type { Api } from '../http/api.js';
import { timeOf } from '../http/times.js';
import { letterView, payloadFileName, wholeView } from '../overview/dead-letter-view.js';
import { DEAD, WHOLE_LETTER } from '../overview/dead-views.js';
import { json } from './json.js';
import type { Services } from './services.js';

const MOST_CHARACTERS = 1_000;
const text = z.string().min(1).max(MOST_CHARACTERS);

/** Which dead letters are meant: a letter has to fit everything that is given. */
export const DEAD_SELECTION = {
  id: text.optional().describe('the task with this id, or with the only one that starts so'),
  user: text.optional().describe('of these users: * and ? are wildcards'),
  run: text.optional().describe('of these runs: * and ? are wildcards'),
  task: text.optional().describe('of tasks with these names: * and ? are wildcards'),
  reason: text.optional().describe('whose reason has this text in it, in capitals or not'),
};

const FIELD = `(?:${GROUP_FIELDS.join('|')})`;

/** As `fairq dead list`. */
export function addDeadRoutes(api: Api, { dead }: Services): void {
  api.add(
    {
      id: 'listDead',
      method: 'get',
      path: '/v1/dead',
      tag: 'overview',
      role: 'viewer',
      summary: 'Tasks that failed for good, and why, or how many of them are alike.',
      query: z.strictObject({
        ...DEAD_SELECTION,
        by: z
          .string()
          .regex(
            new RegExp(`^${FIELD}(?:,${FIELD}){0,3}$`),
            `is not some of ${GROUP_FIELDS.join(', ')} with commas between`,
          )
          .optional()
          .describe(`how many there are of each: some of ${GROUP_FIELDS.join(', ')}`),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
      }),
      answers: {
        200: { description: 'letters, or groups of them', schema: DEAD },
        409: { description: 'somebody else goes through them, and takes long' },
        503: { description: 'the broker does not say, or too many ask' },
      },
    },
    async ({ query: { by: fields, ...selection } }) => {
      const by = fields === undefined ? undefined : ([...new Set(fields.split(','))] as GroupField[]);
      const { value, secondsAgo } = await dead.list({ ...selection, by });
      const { total, chosen, letters, groups, hidden } = value;
      const shown =
        by === undefined
          ? { letters: letters.map(letterView) }
          : {
              by,
              groups: groups.map(({ oldestAt, newestAt, ...group }) => ({
                ...group,
                oldestAt: timeOf(oldestAt),
                newestAt: timeOf(newestAt),
              })),
            };
      return json(200, { reportedSecondsAgo: secondsAgo, total, chosen, ...shown, hidden });
    },
  );

  const canFail = {
    400: { description: 'several start so' },
    404: { description: 'there is no such letter' },
    409: { description: 'somebody else goes through them, and takes long' },
    503: { description: 'the broker does not say, or too many ask' },
  };

  api.add(
    {
      id: 'getDead',
      method: 'get',
      path: '/v1/dead/{id}',
      tag: 'overview',
      role: 'viewer',
      summary: 'A dead letter, whole: by its id, or a start that no other has.',
      answers: { 200: { description: 'the letter', schema: WHOLE_LETTER }, ...canFail },
    },
    async ({ params: { id = '' } }) => json(200, wholeView(await dead.find(id))),
  );

  api.add(
    {
      id: 'getDeadPayload',
      method: 'get',
      path: '/v1/dead/{id}/payload',
      tag: 'overview',
      role: 'viewer',
      summary: 'The payload of a dead letter, byte for byte, as a file to keep.',
      answers: {
        200: { description: 'the payload', type: 'application/octet-stream' },
        ...canFail,
      },
    },
    async ({ params: { id = '' } }) => {
      const found = await dead.find(id);
      return new Response(new Uint8Array(found.payload), {
        headers: {
          // No browser shows it as a page of this server.
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename="${payloadFileName(found)}"`,
          'content-security-policy': "default-src 'none'; sandbox",
          'cache-control': 'no-store',
        },
      });
    },
  );
}
