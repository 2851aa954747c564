import { z } from 'zod';
import { ATTENTION } from '../overview/attention.js';
import { AGE, SHARED, WATCHED_USER } from '../overview/overview-views.js';

const count = z.int();

/** What `GET /v1/live` tells every two seconds. */
export const LIVE = z
  .object({
    ...AGE,
    totals: z.object({
      users: count,
      backlogged: count.describe('users with tasks that wait; of those that share queues, at workers'),
      backlog: count.nullable().describe('in the queues of users and in shared ones'),
      running: count.nullable(),
      perSecond: z.number(),
      failedLately: count,
      slots: count,
      busy: count.describe('slots in which a task runs'),
      workers: count,
    }),
    shared: SHARED,
    needing: z
      .record(z.enum(ATTENTION), count)
      .describe('users of whom this is to be said, by what is to be said'),
    oldest: WATCHED_USER.nullable().describe(
      'who waits for longest, of those who are not paused; null where nobody does',
    ),
    attention: z.array(WATCHED_USER).describe('users to look at: whoever waits for longest comes first'),
    served: z
      .array(WATCHED_USER)
      .describe('users with the largest shares, or fair shares, of what ended lately'),
    alarms: z
      .array(z.object({ node: z.string(), what: z.enum(['memory', 'disk', 'down']) }))
      .nullable()
      .describe('of the nodes of the broker; null where it does not say'),
    policyRevision: count.describe('of the newest policy that is known; 0 where nothing was ever set'),
  })
  .meta({ id: 'Live' });

export type Live = z.input<typeof LIVE>;
