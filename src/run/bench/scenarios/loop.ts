import { startOrder } from '../bench-measures.js';
import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';
import type { TrialResult } from '../trial.js';
import { inWords, ms, workersOf } from '../words.js';

const USERS = 3;
const TASKS_EACH = 3;
const TASK_MS = 200;

/** Three workers with one slot each, three users: does every loop of three starts serve all three? */
export const loop: Scenario = {
  name: 'loop',
  summary: ({ workers, concurrency, scale }) =>
    `${inWords(workers)} ${workersOf(workers, concurrency)}, three users with three tasks of ${ms(TASK_MS * scale)} ms: who starts when?`,
  defaults: { workers: 3, concurrency: 1 },
  cases: [{ strategy: 'fair' }],
  showsStarts: true,
  async script(trial, { scale }) {
    for (let user = 1; user <= USERS; user++) {
      await trial.publish({ user: `Q${user}`, count: TASKS_EACH, duration: fixedDuration(TASK_MS * scale) });
    }
    await trial.workToTheEnd();
  },
  claims: () => [
    {
      name: 'loops serving all three',
      unit: 'tasks',
      of: fullLoops,
      atLeast: TASKS_EACH,
    },
  ],
};

function fullLoops(trial: TrialResult): number {
  const starts = startOrder(trial);
  let full = 0;
  for (let i = 0; i + USERS <= starts.length; i += USERS) {
    if (new Set(starts.slice(i, i + USERS)).size === USERS) full++;
  }
  return full;
}
