import { speedAgainst } from '../bench-measures.js';
import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';

const ACTIVE = 10;
const IDLE = 5_000;
const TASKS_EACH = 1_000;
const TASK_MS = 2;
const NOBODY_IDLE = 'fair, nobody idle';

/** Users that have a queue and nothing in it: they are to cost the others nothing. */
export const idle: Scenario = {
  name: 'idle',
  summary: () => '5,000 users with an empty queue beside 10 with tasks: what do the empty queues cost?',
  defaults: { workers: 1, concurrency: 10 },
  cases: [
    { strategy: 'fifo' },
    { strategy: 'arrival' },
    { strategy: 'fair', variant: NOBODY_IDLE },
    { strategy: 'fair' },
  ],
  rounds: 3,
  async script(trial, { scale }) {
    const { strategy, variant } = trial.options;
    if (strategy !== 'fifo' && variant !== NOBODY_IDLE) {
      await trial.makeQueues(Array.from({ length: IDLE }, (_, i) => `idle-${i + 1}`));
    }
    await trial.publish({ users: ACTIVE, count: TASKS_EACH, duration: fixedDuration(TASK_MS * scale) });
    await trial.workToTheEnd();
  },
  claims: () => [
    {
      name: "speed, of nobody idle's",
      unit: 'share',
      of: (trial, round) => speedAgainst(trial, round, ({ variant }) => variant === NOBODY_IDLE),
      atLeast: 0.9,
      isSpeed: true,
    },
  ],
};
