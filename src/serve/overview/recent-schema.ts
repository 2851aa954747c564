import { z } from 'zod';

const count = z.int();
const time = z.iso.datetime();

export const RECENT = z
  .object({
    user: z.string(),
    at: time,
    since: time.describe('every task that ended since then is known, and of what ended before nothing is'),
    completions: count.describe('tasks of this user that ended since then: done, or failed for good'),
    failed: count.describe('of these, those that failed'),
    firstAt: time.nullable(),
    lastAt: time.nullable(),
    waitMs: z
      .object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() })
      .nullable()
      .describe('from enqueued to started'),
    waits: z
      .array(z.object({ fromMs: z.number(), belowMs: z.number(), tasks: count }))
      .describe('how many waited for so long; steps without a task between two others are in it'),
    meanwhile: z
      .object({
        completions: count.describe('of all users, from the first to the last of this user'),
        users: z
          .array(z.object({ user: z.string(), completions: count }))
          .describe('other users that were served meanwhile: those with the most'),
        others: z.object({ users: count, completions: count }).describe('the rest of them together'),
        cellMs: z.number().describe('how long each cell of a lane is; the first begins with firstAt'),
        all: z.array(count).describe('what ended in each cell, of all users'),
        lanes: z
          .array(z.object({ user: z.string(), completions: count, cells: z.array(count) }))
          .describe('what ended of a user in each cell: of this user first, then of those with the most'),
      })
      .nullable()
      .describe('null where nothing of this user is known to have ended'),
  })
  .meta({ id: 'Recent' });

export type Recent = z.output<typeof RECENT>;
