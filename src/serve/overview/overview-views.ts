import { z } from 'zod';
import type { TopTenant } from '../../core/top/top-sample.js';
import { round3 } from '../../core/values/round.js';
import { ATTENTION } from './attention.js';
import type { UserFigures } from './user-figures.js';

const seconds = z.number().min(0).nullable();

/** Of each document: when it was made, and how old its figures are. */
export const AGE = {
  at: z.iso.datetime(),
  listedSecondsAgo: seconds.describe(
    'how old the listing of queues is that backlog comes from; what was sent and what ended since is reckoned in',
  ),
  oldestListedSecondsAgo: seconds.describe(
    'how long ago the broker was asked for the first of the oldestWaitSeconds',
  ),
  failedWithinSeconds: z.int().describe('failedLately counts so far back'),
  workersKnown: z.boolean().describe('the server has listened for long enough to have heard all workers'),
};

export const USER_FIGURES = z
  .object({
    user: z.string(),
    tenant: z.string().nullable().describe('whom it belongs to; null without --tenant-of'),
    weight: z.number().nullable().describe('its share against the others'),
    backlog: z
      .int()
      .nullable()
      .describe('tasks that wait in its queue; null for one that shares queues, as nobody can say that'),
    shares: z.boolean().describe('it has no queue of its own, and shares queues with others'),
    atWorkers: z
      .int()
      .nullable()
      .describe(
        'of one that shares: its tasks that are known to have come to workers and to wait there; more may wait in the queue',
      ),
    running: z.int().nullable().describe('tasks that run now, by the word of the workers'),
    unacknowledged: z.int().nullable().describe('tasks at workers: running or prefetched'),
    perSecond: z.number().describe('attempts that ended, over the last seconds'),
    share: z.number().nullable().describe('its part of all that ended in the last seconds, 0 to 1'),
    fairShare: z
      .number()
      .nullable()
      .describe(
        'what would be fair: who has no backlog gets what it asks for, and the others split the rest',
      ),
    oldestWaitSeconds: seconds.describe(
      'how long the task at the head of its queue has waited; between two questions to the broker, by what ended. Of one that shares: the first of its tasks at workers',
    ),
    lastWaitSeconds: seconds.describe('how long the last task that ended had waited before it started'),
    failedLately: z.int().describe('tasks that failed for good'),
    unserved: z.boolean().describe('it has tasks, and no worker serves its queue'),
    cap: z.int().nullable().describe('the most of its tasks that run at a time; null where none is set'),
    capWhenBusy: z.boolean().describe('the cap binds only while others wait'),
    rate: z
      .object({ starts: z.int(), perMs: z.int(), burst: z.int() })
      .nullable()
      .describe('the most starts in a time'),
    paused: z
      .object({
        by: z.string().nullable(),
        until: z.iso.datetime().nullable(),
        reason: z.string().nullable(),
      })
      .nullable()
      .describe('none of its tasks starts; by whom and why a viewer alone is told'),
  })
  .meta({ id: 'UserFigures' });

/** With what is to be said of it to whoever looks on. */
export const WATCHED_USER = USER_FIGURES.extend({
  attention: z.array(z.enum(ATTENTION)).describe('why to look at it, the most important first'),
}).meta({ id: 'WatchedUser' });

export const ONE_USER = z
  .object({
    ...AGE,
    ...USER_FIGURES.shape,
    attention: WATCHED_USER.shape.attention.optional().describe('told to viewers'),
    queue: z.string().optional().describe('told to viewers'),
  })
  .meta({ id: 'User' });

/** What waits in shared queues is anybody's. */
export const SHARED = z
  .object({
    queues: z.int(),
    backlog: z.int().nullable().describe("tasks that wait in them, whoever's they are"),
    unacknowledged: z.int().nullable().describe('tasks of them at workers: running or prefetched'),
    atWorkers: z.int().nullable().describe('tasks that have come to workers and wait there'),
    users: z.int().nullable().describe('whose these are; one whose tasks wait at two workers counts twice'),
    unserved: z.boolean().describe('tasks wait in one of them, and no worker serves it'),
  })
  .nullable()
  .describe('the queues that light users share, together; null where there are none')
  .meta({ id: 'SharedQueues' });

export const USERS = z
  .object({
    ...AGE,
    shared: SHARED,
    users: z.array(WATCHED_USER),
    total: z.int().describe('users that search, attention and tenant leave'),
    before: z.int().describe('of them, those before this page'),
    next: z.string().nullable().describe('the cursor of the next page; null for the last one'),
    previous: z.string().nullable().describe('the cursor of the page before; null for the first one'),
  })
  .meta({ id: 'Users' });

const {
  user: _user,
  tenant: _tenant,
  oldestWaitSeconds: _,
  failedLately: __,
  ...together
} = USER_FIGURES.shape;

/** How the users of a tenant fare together. */
export const TENANT_FIGURES = z
  .object({
    tenant: z.string(),
    users: z.int(),
    ...together,
    weight: z.number(),
  })
  .meta({ id: 'TenantFigures' });

export const TENANTS = z
  .object({
    ...AGE,
    tenants: z.array(TENANT_FIGURES).describe('the largest backlog comes first'),
    total: z.int().describe('tenants that search leaves'),
  })
  .meta({ id: 'Tenants' });

export const ONE_TENANT = z.object({ ...AGE, ...TENANT_FIGURES.shape }).meta({ id: 'Tenant' });

export function tenantView({ waitMs, perSecond, share, fairShare, ...rest }: TopTenant): object {
  const { oldestAtWorkersMs: _, ...figures } = rest;
  return {
    ...figures,
    perSecond: round3(perSecond),
    share: share === null ? null : round3(share),
    fairShare: fairShare === null ? null : round3(fairShare),
    lastWaitSeconds: waitMs === null ? null : round3(waitMs / 1_000),
  };
}
const revision = z.int().nullable();

export const WORKERS = z
  .object({
    at: AGE.at,
    workersKnown: AGE.workersKnown,
    perSecond: z.number(),
    policyRevision: revision.describe('of the newest policy; null where it cannot be read'),
    workers: z.array(
      z.object({
        id: z.string().describe('of its process'),
        name: z.string(),
        slots: z.int(),
        idle: z.number().describe('slots in which nothing runs'),
        ready: z.boolean().describe('it consumes all queues that it knows of'),
        running: z.int().nullable().describe('tasks that run there; null where it has not said it'),
        prefetched: z.int().nullable().describe('tasks that are there and have not started'),
        perSecond: z.number(),
        longest: z
          .object({ id: z.string(), user: z.string(), task: z.string(), seconds: z.number() })
          .nullable()
          .describe('the task that has run there for longest'),
        heardSecondsAgo: z.number().min(0).describe('when it last spoke; each speaks every 2 s'),
        policyRevision: revision.describe('of the policy that it goes by; null where it has not said one'),
      }),
    ),
    silent: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          slots: z.int(),
          heardSecondsAgo: z.number().min(0),
        }),
      )
      .describe(
        'workers that have said nothing for more than 10 s, and not that they end: killed, hanging or cut off; of the last 15 minutes',
      ),
  })
  .meta({ id: 'Workers' });

export type WatchedUser = z.output<typeof WATCHED_USER>;
export type User = z.output<typeof ONE_USER>;
export type Users = z.output<typeof USERS>;
export type Tenant = z.output<typeof ONE_TENANT>;
export type Tenants = z.output<typeof TENANTS>;
export type Workers = z.output<typeof WORKERS>;

/** What users may know of themselves: who has paused them, and why, is not theirs. */
export function ownView(figures: UserFigures): object {
  const { paused, weight: _, tenant: __, ...own } = figures;
  return {
    ...own,
    weight: null,
    tenant: null,
    paused: paused === null ? null : { until: paused.until, by: null, reason: null },
  };
}
