import type { Scenario } from '../scenario.js';
import { BY_STRATEGY } from '../trial.js';
import { count } from '../words.js';

const TASKS_EACH = 30;
const LAG_TASKS = 2;
const LAG_MS = 10;

/** Many users with little each, and tasks that take no time: all that counts is whose turn it is. */
export const crowd: Scenario = {
  name: 'crowd',
  summary: ({ total }) =>
    `${count(usersOf(total))} users with ${TASKS_EACH} no-op tasks each: does everybody get the same?`,
  defaults: { workers: 2, concurrency: 10, total: 30_000 },
  cases: BY_STRATEGY,
  optionalCases: [{ strategy: 'celery' }],
  async script(trial, { total }) {
    await trial.publish({ users: usersOf(total), count: TASKS_EACH });
    await trial.workToTheEnd();
  },
  claims: () => [
    {
      name: "Jain's index, half time",
      unit: 'share',
      of: ({ report }) => report.fairness.jainAtHalf,
      atLeast: 0.995,
    },
    {
      name: `lag above ${LAG_TASKS} tasks, as work`,
      unit: 'ms',
      of: ({ report }) => (report.fairness.maxLagTasks <= LAG_TASKS ? 0 : report.fairness.maxLagMs),
      atMost: LAG_MS,
    },
  ],
};

/** As many users as have so many tasks together; what each has stays. */
function usersOf(total: number): number {
  return Math.max(1, Math.round(total / TASKS_EACH));
}
