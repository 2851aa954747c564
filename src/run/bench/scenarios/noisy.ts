import { dwell } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { BY_STRATEGY } from '../trial.js';

const TASK_MS = 20;
const SPREAD = 0.1;
const QUIET_PER_SECOND = 10;
const QUIET_TASKS = 60;
const BURST_AFTER_MS = 500;
/** Twice what the slots can take; all at once it would be the broker that is measured. */
const BURST_PER_SECOND = 10_000;
/** Fairness may cost so much time at the most. */
const TIME_AGAINST_FIFO = 1.05;

/** Two quiet users send a task now and then; a third bursts. */
export const noisy: Scenario = {
  name: 'noisy',
  summary:
    'A bursts 30,000 tasks of 20 ms, 10,000 a second, onto 100 slots; B and C send one every 100 ms: do they notice?',
  defaults: { workers: 2, concurrency: 50, countA: 30_000 },
  cases: BY_STRATEGY,
  async script(trial, { countA, scale, seed }) {
    const ms = TASK_MS * scale;
    const duration = { least: ms * (1 - SPREAD), most: ms * (1 + SPREAD) };
    const quiet = { count: QUIET_TASKS, rate: QUIET_PER_SECOND / scale, duration, seed };
    trial.startWorkers('idle');
    await trial.workersReady();
    await Promise.all([
      trial.publish({ ...quiet, user: 'B' }),
      trial.publish({ ...quiet, user: 'C' }),
      trial
        .pass(BURST_AFTER_MS * scale)
        .then(() =>
          trial.publish({ user: 'A', count: countA, rate: BURST_PER_SECOND / scale, duration, seed }),
        ),
    ]);
    await trial.workersEnd();
  },
  claims: ({ scale }) => [
    {
      name: "B's and C's dwell, p95",
      unit: 'ms',
      of: (trial) => dwell(trial, 'B', 'C').p95,
      atMost: TASK_MS * scale,
    },
    {
      name: "time against fifo's",
      unit: 'share',
      of: (trial, all) => {
        const fifo = all.find(({ strategy }) => strategy === 'fifo');
        return fifo === undefined ? null : trial.report.seconds / fifo.report.seconds;
      },
      atMost: TIME_AGAINST_FIFO,
      isSpeed: true,
    },
  ],
};
