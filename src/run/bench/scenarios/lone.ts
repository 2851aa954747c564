import { speedAgainstFifo } from '../bench-measures.js';
import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';
import { BY_STRATEGY } from '../trial.js';

const TASK_MS = 2;

/** Fairness is to cost nothing where nobody competes. */
export const lone: Scenario = {
  name: 'lone',
  summary: 'one user only, 10,000 tasks of 2 ms: what does fairness cost where nobody competes?',
  defaults: { workers: 1, concurrency: 10, countA: 10_000 },
  cases: BY_STRATEGY,
  rounds: 3,
  async script(trial, { countA, scale }) {
    await trial.publish({ user: 'A', count: countA, duration: fixedDuration(TASK_MS * scale) });
    await trial.workToTheEnd();
  },
  claims: () => [speedAgainstFifo(0.97)],
};
