import { lastPosition } from '../../../core/reports/bench-report.js';
import { speedAgainstFifo } from '../bench-measures.js';
import type { Claim } from '../claims.js';
import type { Scenario, ScenarioSettings } from '../scenario.js';
import { BY_STRATEGY, type TrialResult } from '../trial.js';
import { count, tasks } from '../words.js';

/** By how much B's last task may come after strict turns, as a share of B's tasks. */
const ONE_WORKER_LATE = 0.02;
const SEVERAL_WORKERS_LATE = 0.5;
/** Several workers end one queue side by side. */
const SEVERAL_WORKERS_END = 0.9;
/** A worker fetches at most so much work ahead, where the broker is slow to answer: nobody can be served earlier than that. */
const LAG_MS = 100;

/** The story: A sends 30,000 tasks, then B sends 500, then the workers start. */
export const seed: Scenario = {
  name: 'seed',
  summary: ({ countA, countB }) => `A's ${tasks(countA)}, then B's ${count(countB)}: when is B done?`,
  defaults: { workers: 1, concurrency: 10, countA: 30_000, countB: 500 },
  cases: BY_STRATEGY,
  optionalCases: [{ strategy: 'priority' }, { strategy: 'celery' }],
  hasMoral: true,
  rounds: 5,
  async script(trial, { countA, countB }) {
    await trial.publish({ user: 'A', count: countA, priority: 1 });
    await trial.publish({ user: 'B', count: countB, priority: 9 });
    await trial.workToTheEnd();
  },
  claims(settings) {
    return [...fates(settings), speedAgainstFifo(0.8)];
  },
};

/** That B is done in time, and that A pays no more for it than its turns: B may be served early for some milliseconds. */
function fates({ workers, countA, countB }: ScenarioSettings): Claim[] {
  const alone = workers === 1;
  const turns = Math.min(2 * countB, countA + countB);
  const late = countB * (alone ? ONE_WORKER_LATE : SEVERAL_WORKERS_LATE);
  const veryEnd = (countA + countB) * (alone ? 1 : SEVERAL_WORKERS_END);
  const end = { name: "B's last task", unit: 'position', of: lastOfB } as const;
  return [
    { ...end, atMost: Math.round(turns + late) },
    {
      ...end,
      name: "B's last task, in one queue",
      of: (trial) => (trial.strategy === 'fifo' ? lastOfB(trial) : null),
      atLeast: Math.round(veryEnd),
      promisedBy: ['fifo'],
    },
    {
      name: 'largest lag of anybody, as work',
      unit: 'ms',
      of: ({ report }) => report.fairness.maxLagMs,
      atMost: LAG_MS,
    },
  ];
}

function lastOfB(trial: TrialResult): number {
  return lastPosition(trial, 'B') ?? Number.POSITIVE_INFINITY;
}
