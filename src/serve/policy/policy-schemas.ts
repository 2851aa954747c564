import { z } from 'zod';
import {
  LEAST_WEIGHT,
  MOST_BACKLOG,
  MOST_CAP,
  MOST_STARTS,
  MOST_WEIGHT,
} from '../../core/policy/limit-bounds.js';
import { LIMIT_NAMES, type LimitName } from '../../core/policy/policy-document.js';

const time = z.iso.datetime();
const limitName = z.enum(LIMIT_NAMES as [LimitName, ...LimitName[]]);
const of = z.enum(['user', 'tenant']);
export const WORDS = z.string().min(1).max(1_000);

const END = {
  until: time.optional().describe('it ends then; left out: it holds until it is taken back'),
  reason: WORDS.optional(),
};

const weight = z.number().min(LEAST_WEIGHT).max(MOST_WEIGHT);
const cap = z.int().min(1).max(MOST_CAP);
const rate = z.string().regex(/^\d{1,7}\/(s|m|h)$/);
const backlog = z.int().min(1).max(MOST_BACKLOG);

const SETTINGS = z.strictObject({
  weight: z.union([weight, z.strictObject({ value: weight, ...END })]).optional(),
  cap: z
    .union([
      cap,
      z.strictObject({
        value: cap,
        'when-busy': z.boolean().optional().describe('it binds only while others wait'),
        ...END,
      }),
    ])
    .optional()
    .describe('the most tasks at a time, over all workers'),
  rate: z
    .union([
      rate,
      z.strictObject({
        value: rate,
        burst: z.int().min(1).max(MOST_STARTS).optional().describe('the most starts at once'),
        ...END,
      }),
    ])
    .optional()
    .describe('the most starts in a time: 100/s, 20/m or 5/h'),
  paused: z
    .union([z.literal(true), z.strictObject({ value: z.literal(true).optional(), ...END })])
    .optional(),
  backlog: z
    .union([backlog, z.strictObject({ value: backlog, ...END })])
    .optional()
    .describe('the most tasks that may wait; publishers are refused beyond'),
});

const { $schema: _, ...settings } = z.toJSONSchema(SETTINGS, { io: 'input' });

/** Described here, and read as a table of a policy file is: so what is wrong is said in the same words. */
export const RULE_BODY = z.unknown().meta({ ...settings, id: 'PolicyRule' });

const SETTING = z.object({
  value: z
    .unknown()
    .describe('a number; of a cap {tasks, whenBusy}, of a rate {starts, perMs, burst}, of a pause true'),
  by: z.string(),
  at: time,
  until: time.nullable(),
  reason: z.string().nullable(),
});

const settingsOf = <Setting extends z.ZodType>(setting: Setting) => z.partialRecord(limitName, setting);

const DOCUMENT = {
  revision: z.int().describe('0 where nothing was ever set'),
  madeFrom: z.int().describe('the revision that was changed'),
  at: time,
  by: z.string(),
  what: z.string().describe('the change in words'),
  reason: z.string().nullable(),
  rules: z.array(z.object({ of, name: z.string(), limits: settingsOf(SETTING) })),
};

export const POLICY = z
  .object({
    ...DOCUMENT,
    at: time.nullable().describe('when it was made; null where nothing was ever set'),
    by: z.string().nullable(),
  })
  .meta({ id: 'Policy' });

const CHANGED = z
  .object({
    of,
    name: z.string(),
    limit: limitName,
    before: SETTING.nullable(),
    after: SETTING.nullable(),
  })
  .meta({ id: 'PolicyChanged' });

export const POLICY_HISTORY = z
  .object({
    changes: z
      .array(
        z.object({
          ...DOCUMENT,
          changes: z
            .array(CHANGED)
            .nullable()
            .describe('what it has changed; null where the broker no longer has what was before it'),
          rules: DOCUMENT.rules.optional().describe('all that is set by it'),
        }),
      )
      .describe('the oldest comes first'),
    hidden: z.int().describe('older ones beyond the limit'),
  })
  .meta({ id: 'PolicyHistory' });

export type PolicyHistory = z.output<typeof POLICY_HISTORY>;

export const POLICY_FOR = z
  .object({
    of,
    name: z.string(),
    revision: z.int(),
    rule: z.unknown().describe('what the rule of this name sets, as PUT takes it; null where there is none'),
    inForce: settingsOf(
      SETTING.extend({
        rule: z.string().describe('name of the rule that sets it'),
        passedOver: z.array(z.string()).describe('rules that set it too, and are less exact'),
      }),
    ).describe('what counts for this name'),
  })
  .meta({ id: 'PolicyFor' });

export const POLICY_CHANGE = z
  .object({
    changed: z.boolean().describe('false where all was so already'),
    revision: z.int(),
    madeFrom: z.int(),
    at: time,
    by: z.string(),
    what: z.string(),
    reason: z.string().nullable(),
    changes: z.array(CHANGED),
    workers: z
      .array(z.object({ name: z.string(), revision: z.int() }))
      .describe('workers that go by this revision'),
    late: z
      .array(
        z.object({
          name: z.string(),
          why: z
            .enum(['silent', 'older', 'behind', 'no-tenants'])
            .describe(
              'it is connected and says nothing, knows no policy, goes by an older revision, or was started without --tenant-of',
            ),
          revision: z.int().nullable(),
        }),
      )
      .describe('workers that do not go by it'),
    stillRunning: z
      .array(z.object({ id: z.string(), user: z.string(), worker: z.string(), startedAt: time }))
      .describe('tasks of paused users that had started; those that have run for longest come first'),
    stillRunningUntold: z.int().describe('more that run and are not named'),
    warnings: z.array(z.string()).describe('such as that no queue is there whose user matches'),
    rabbitPolicies: z
      .object({ set: z.array(z.string()), removed: z.array(z.string()) })
      .describe("names of RabbitMQ's own policies, which keep backlog limits"),
  })
  .meta({ id: 'PolicyChange' });

export type PolicyFor = z.output<typeof POLICY_FOR>;
export type PolicyChange = z.output<typeof POLICY_CHANGE>;
