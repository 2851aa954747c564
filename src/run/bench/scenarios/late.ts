import { dwell, firstDwell } from '../bench-measures.js';
import { fixedDuration, paced } from '../load.js';
import type { Scenario } from '../scenario.js';
import { BY_STRATEGY } from '../trial.js';
import { count, tasks } from '../words.js';

const TASK_MS = 5;
/** What finding a new queue, sending and scheduling may add to the task that a slot has to finish first. */
const SLACK_MS = 30;
const B_COMES_AFTER_MS = 4_000;
const B_PER_SECOND = 50;

/** While A floods the workers a user comes that nobody has seen before. */
export const late: Scenario = {
  name: 'late',
  summary: ({ countA, countB }) =>
    `B, never seen before, sends ${tasks(countB)} one by one in the middle of A's ${count(countA)}: how long do they wait?`,
  defaults: { workers: 2, concurrency: 4, countA: 30_000, countB: 100 },
  cases: BY_STRATEGY,
  async script(trial, { countA, countB, scale }) {
    const duration = fixedDuration(TASK_MS * scale);
    await trial.publish({ user: 'A', count: countA, duration });
    trial.startWorkers();
    await trial.workersReady();
    await trial.pass(B_COMES_AFTER_MS * scale);
    // From this process: another one that starts slowly would come when A is done.
    await trial.publishSchedule(paced(['B'], countB, B_PER_SECOND / scale, TASK_MS * scale));
    await trial.workersEnd();
  },
  claims: ({ scale }) => [
    {
      name: "B's dwell, p99",
      unit: 'ms',
      of: (trial) => dwell(trial, 'B').p99,
      atMost: TASK_MS * scale + SLACK_MS,
    },
    {
      name: "dwell of B's first task",
      unit: 'ms',
      of: (trial) => firstDwell(trial, 'B'),
      atMost: TASK_MS * scale + SLACK_MS,
    },
  ],
};
