import { orderOf, randomUsers } from '../../../core/load/workload.js';
import { percentiles } from '../../../core/measures/percentiles.js';
import { byHash, byPrefix } from '../../../core/queues/grouping.js';
import { seededRandom } from '../../../core/values/random.js';
import { dwell } from '../bench-measures.js';
import type { ScheduledTask } from '../load.js';
import type { Scenario } from '../scenario.js';
import type { TrialResult } from '../trial.js';
import { ms, tasks } from '../words.js';

const USERS = 200;
const TASK_MS = 2;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const PER_USER = 'fair, per user';
/** Shares of tasks that do not split, and of users with a handful of them. */
const JAIN_PER_USER = 0.97;

/** What shares a queue: nobody, light users, some users by hash, many by their first letter, or all. */
export const units: Scenario = {
  name: 'units',
  summary: ({ total, scale }) =>
    `200 users, a few of them with most of ${tasks(total)} of ${ms(TASK_MS * scale)} ms: what does it cost in fairness when users share queues, and how many queues does it save?`,
  defaults: { workers: 2, concurrency: 4, total: 16_000 },
  cases: [
    { strategy: 'fair', variant: PER_USER },
    { strategy: 'fair', variant: 'fair, shared 64', units: { kind: 'shared', count: 64 } },
    { strategy: 'fair', variant: 'fair, hash 64', grouping: byHash(64) },
    { strategy: 'fair', variant: 'fair, by letter', grouping: byPrefix(1) },
    { strategy: 'fifo' },
  ],
  async script(trial, { seed, total, scale }) {
    await trial.publishSchedule(load(seed, total, TASK_MS * scale));
    await trial.workToTheEnd();
  },
  claims: () => [
    {
      name: "Jain's index, half time",
      unit: 'share',
      of: ({ report }) => report.fairness.jainAtHalf,
      atLeast: JAIN_PER_USER,
      promisedBy: [PER_USER],
    },
    { name: "light users' dwell, p50", unit: 'ms', of: (trial) => dwell(trial, ...lightUsers(trial)).p50 },
    { name: "light users' dwell, p95", unit: 'ms', of: (trial) => dwell(trial, ...lightUsers(trial)).p95 },
    { name: 'queues', unit: 'position', of: ({ queues }) => queues },
  ],
};

/** By Zipf's law, in random order and all at once; the first letters of the names go round the alphabet. */
function load(seed: number, total: number, durationMs: number): ScheduledTask[] {
  const users = randomUsers(USERS, total, 'zipf', seededRandom(seed));
  return Array.from(orderOf(users), (user) => {
    const number = Number(user.slice('user-'.length));
    return { user: `${LETTERS[number % LETTERS.length]}-${number}`, dueMs: 0, durationMs };
  });
}

/** The half of the users with the fewest tasks. */
function lightUsers({ report: { users } }: TrialResult): string[] {
  const median = percentiles(Float64Array.from(users, ({ tasks }) => tasks))?.p50 ?? 0;
  return users.filter(({ tasks }) => tasks <= median).map(({ user }) => user);
}
