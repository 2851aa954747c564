import { percentAtHalfTime } from '../bench-measures.js';
import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';

const WEIGHTS = { gold: 5, silver: 3, bronze: 2 } as const;
const TASKS_EACH = 5_000;
const TASK_MS = 4;
const POINTS = 1;

const users = Object.entries(WEIGHTS);
const sum = users.reduce((total, [, weight]) => total + weight, 0);

/** Three users that have paid for more and less. */
export const weights: Scenario = {
  name: 'weights',
  summary: () =>
    'three users of weights 5, 3 and 2 with the same backlog: who has had how much at half time?',
  defaults: { workers: 2, concurrency: 10 },
  cases: [
    { strategy: 'fifo' },
    { strategy: 'arrival' },
    { strategy: 'fair', workerFlags: users.flatMap(([user, weight]) => ['--weight', `${user}=${weight}`]) },
  ],
  weightOf: (user) => WEIGHTS[user as keyof typeof WEIGHTS],
  async script(trial, { scale }) {
    for (const [user] of users) {
      await trial.publish({ user, count: TASKS_EACH, duration: fixedDuration(TASK_MS * scale) });
    }
    await trial.workToTheEnd();
  },
  claims: () =>
    users.map(([user, weight]) => {
      const fair = (100 * weight) / sum;
      return {
        name: `weight ${weight}, at half time`,
        unit: 'percent',
        of: (trial) => percentAtHalfTime(trial, user),
        atMost: fair + POINTS,
        atLeast: fair - POINTS,
      };
    }),
};
