import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';
import { Starts } from '../steering/starts.js';
import type { TrialResult } from '../trial.js';
import { inWords, ms, tasks, workersOf } from '../words.js';

const TASK_MS = 20;
const CAP = 3;
const KILLS = 6;
const CAPPED = `fair, cap ${CAP}`;
/** Whoever runs when its worker is killed has done nothing wrong. */
const NOT_TO_BLAME = ['--max-crashes', '1000'];

/** Workers die and others come: how many tasks of a user with a cap run at once? */
export const capped: Scenario = {
  name: 'capped',
  summary: ({ countA, workers, concurrency, scale }) =>
    `${tasks(countA)} of A, ${ms(TASK_MS * scale)} ms each, on ${inWords(workers)} ${workersOf(workers, concurrency)}, of which ${inWords(KILLS)} are killed: how many run at once under a cap of ${CAP}?`,
  defaults: { workers: 3, concurrency: 4, countA: 900, countB: 900 },
  cases: [
    { strategy: 'fair', variant: 'fair, no cap', workerFlags: NOT_TO_BLAME },
    { strategy: 'fair', variant: CAPPED, workerFlags: NOT_TO_BLAME, limits: { cap: { tasks: CAP } } },
  ],
  mayRepeat: true,
  async script(trial, { countA, countB, scale }) {
    const { limits } = trial.options;
    const duration = fixedDuration(TASK_MS * scale);
    await trial.publish({ user: 'A', count: countA, duration });
    await trial.publish({ user: 'B', count: countB, duration });
    if (limits !== undefined) await trial.steer('A', limits);
    const living = [...trial.startWorkers()];
    for (let kills = 1; kills <= KILLS; kills++) {
      await trial.ran(['A'], Math.floor((countA * kills) / (KILLS + 2)));
      await living.shift()?.kill();
      living.push(...trial.startWorkers(1));
    }
    await trial.workersEnd();
  },
  claims: () => [
    {
      name: "A's tasks at once",
      unit: 'tasks',
      of: ({ events }) => Starts.of(events).ofUser('A').mostAtOnce,
      atLeast: CAP,
      atMost: CAP,
      promisedBy: [CAPPED],
    },
    { name: 'all tasks at once', unit: 'tasks', of: ({ events }) => Starts.of(events).mostAtOnce },
    { name: 'use of the cap', unit: 'percent', of: useOfTheCap },
  ],
};

/** Of the time of so many slots A's tasks that ended have taken so much, from its first start to its last. */
function useOfTheCap({ events }: TrialResult): number {
  const own = events.filter(({ user }) => user === 'A');
  const ran = own.reduce((sum, { started, finished }) => sum + finished - started, 0);
  return (100 * ran) / (CAP * Starts.of(own).lasted);
}
