import { z } from 'zod';
import { GROUP_FIELDS, type GroupField } from '../../core/message/dead-letter-groups.js';
import type { Api } from '../http/api.js';
import { timeOf } from '../http/times.js';
import { DEAD_LETTER, letterView } from '../overview/dead-letter-view.js';
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

const time = z.iso.datetime().nullable();

const DEAD = z
  .object({
    reportedSecondsAgo: z.number().describe('how old this answer is'),
    total: z.int().describe('dead letters, chosen or not'),
    chosen: z.int(),
    letters: z.array(DEAD_LETTER).optional().describe('the newest first; where "by" was not given'),
    by: z.array(z.enum(GROUP_FIELDS)).optional(),
    groups: z
      .array(
        z.object({
          of: z.partialRecord(z.enum(GROUP_FIELDS), z.string().nullable()),
          letters: z.int(),
          oldestAt: time,
          newestAt: time,
          id: z.string().describe('of the newest'),
        }),
      )
      .optional()
      .describe('the largest first'),
    hidden: z.int().describe('letters or groups beyond the limit'),
  })
  .meta({ id: 'DeadLetters' });

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
}
