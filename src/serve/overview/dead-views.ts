import { z } from 'zod';
import { GROUP_FIELDS } from '../../core/message/dead-letter-groups.js';

const time = z.iso.datetime().nullable();

export const DEAD_LETTER = z
  .object({
    id: z.string(),
    task: z.string().describe('its name'),
    user: z.string().nullable(),
    run: z.string().nullable(),
    queue: z.string().nullable().describe('where it came from'),
    attempts: z.int().nullable(),
    reason: z.string().nullable(),
    firstStartAt: time,
    lastEndAt: time,
    bytes: z.int(),
  })
  .meta({ id: 'DeadLetter' });

/** Of a payload so many characters are told in a document. */
export const MOST_TEXT = 100_000;

export const WHOLE_LETTER = z
  .object({
    ...DEAD_LETTER.shape,
    stack: z.string().nullable().describe('where the handler threw'),
    contentType: z.string(),
    headers: z.record(z.string(), z.unknown()).describe('as they were written; bytes as text'),
    payload: z
      .string()
      .nullable()
      .describe(`as text, its first ${MOST_TEXT} characters; null for what is no UTF-8`),
    payloadCut: z.boolean().describe('there is more of it'),
  })
  .meta({ id: 'WholeDeadLetter' });

export type WholeLetter = z.output<typeof WHOLE_LETTER>;

export const DEAD = z
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

export type DeadLetters = z.output<typeof DEAD>;

export type DeadLetterView = z.output<typeof DEAD_LETTER>;
