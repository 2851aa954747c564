import { speedAgainstFifo } from '../bench-measures.js';
import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';
import { BY_STRATEGY } from '../trial.js';
import { ms, tasks } from '../words.js';

const TASK_MS = 2;

/** Fairness is to cost nothing where nobody competes. */
export const lone: Scenario = {
  name: 'lone',
  summary: ({ countA, scale }) =>
    `one user only, ${tasks(countA)} of ${ms(TASK_MS * scale)} ms: what does fairness cost where nobody competes?`,
  defaults: { workers: 1, concurrency: 10, countA: 10_000 },
  cases: BY_STRATEGY,
  rounds: 3,
  async script(trial, { countA, scale }) {
    await trial.publish({ user: 'A', count: countA, duration: fixedDuration(TASK_MS * scale) });
    await trial.workToTheEnd();
  },
  claims: () => [speedAgainstFifo(0.97)],
};
