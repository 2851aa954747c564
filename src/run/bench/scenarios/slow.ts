import { whileAllBacklogged } from '../bench-measures.js';
import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';
import type { TrialResult } from '../trial.js';
import { ms } from '../words.js';

const A_TASK_MS = 20;
const B_TASK_MS = 1;
const BY_TIME = 'fair, by time';
const BY_COUNT = 'fair, by count';

/** One user's tasks take twenty times as long as the other's. */
export const slow: Scenario = {
  name: 'slow',
  summary: ({ scale }) =>
    `A's tasks take ${ms(A_TASK_MS * scale)} ms, B's ${ms(B_TASK_MS * scale)} ms: who gets how much of the slots, charged by time and by count?`,
  defaults: { workers: 1, concurrency: 10, countA: 600, countB: 12_000 },
  cases: [
    { strategy: 'fifo' },
    { strategy: 'arrival' },
    { strategy: 'fair', variant: BY_TIME, workerFlags: ['--charge', 'time'] },
    { strategy: 'fair', variant: BY_COUNT, workerFlags: ['--charge', 'count'] },
  ],
  async script(trial, { countA, countB, scale }) {
    await trial.publish({ user: 'A', count: countA, duration: fixedDuration(A_TASK_MS * scale) });
    await trial.publish({ user: 'B', count: countB, duration: fixedDuration(B_TASK_MS * scale) });
    await trial.workToTheEnd();
  },
  claims: () => [
    {
      name: "A's part of run time",
      unit: 'percent',
      of: percentOfTime,
      atMost: 53,
      atLeast: 47,
      promisedBy: [BY_TIME],
    },
    {
      name: "A's part of the tasks",
      unit: 'percent',
      of: percentOfTasks,
      atMost: 50.5,
      atLeast: 49.5,
      promisedBy: [BY_COUNT],
    },
  ],
};

function percentOfTime(trial: TrialResult): number | null {
  const { from, to } = whileAllBacklogged(trial, ['A', 'B']);
  const timeOf = (who: string) =>
    trial.events
      .filter(({ user }) => user === who)
      .reduce((sum, { started, finished }) => sum + overlap(started, finished, from, to), 0);
  return percent(timeOf('A'), timeOf('B'));
}

function percentOfTasks(trial: TrialResult): number | null {
  const { from, to } = whileAllBacklogged(trial, ['A', 'B']);
  const countOf = (who: string) =>
    trial.events.filter(({ user, started }) => user === who && started >= from && started < to).length;
  return percent(countOf('A'), countOf('B'));
}

function overlap(started: number, finished: number, from: number, to: number): number {
  return Math.max(0, Math.min(finished, to) - Math.max(started, from));
}

/** Null where the two never had a backlog together. */
function percent(part: number, rest: number): number | null {
  return part + rest === 0 ? null : (100 * part) / (part + rest);
}
