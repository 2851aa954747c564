import type { Claim } from '../claims.js';
import { lastPosition, speedAgainst } from '../measures.js';
import type { Scenario, ScenarioSettings } from '../scenario.js';
import { BY_STRATEGY, type TrialResult } from '../trial.js';

/** What one worker may deviate from strict turns at full speed, as a share of B's tasks; and several. */
const ONE_WORKER = { early: 0.1, late: 0.02 };
const SEVERAL_WORKERS_LATE = 0.5;
/** Several workers end one queue side by side. */
const SEVERAL_WORKERS_END = 0.9;

/** The story: A sends 30,000 tasks, then B sends 500, then the workers start. */
export const seed: Scenario = {
  name: 'seed',
  summary: "A's 30,000 tasks, then B's 500: when is B done?",
  defaults: { workers: 1, concurrency: 10, countA: 30_000, countB: 500 },
  cases: BY_STRATEGY,
  hasMoral: true,
  rounds: 3,
  async script(trial, { countA, countB }) {
    await trial.publish({ user: 'A', count: countA });
    await trial.publish({ user: 'B', count: countB });
    await trial.workToTheEnd();
  },
  claims(settings) {
    return [...fates(settings), speed];
  },
};

function fates({ workers, countA, countB }: ScenarioSettings): Claim[] {
  const alone = workers === 1;
  const turns = Math.min(2 * countB, countA + countB);
  const late = countB * (alone ? ONE_WORKER.late : SEVERAL_WORKERS_LATE);
  const end = (countA + countB) * (alone ? 1 : SEVERAL_WORKERS_END);
  const lastOfB = {
    name: "B's last task",
    unit: 'position',
    of: (trial: TrialResult) => lastPosition(trial, 'B'),
  } as const;
  return [
    {
      ...lastOfB,
      atMost: Math.round(turns + late),
      ...(alone && { atLeast: Math.round(turns - countB * ONE_WORKER.early) }),
    },
    {
      ...lastOfB,
      name: "B's last task, in one queue",
      of: (trial) => (trial.strategy === 'fifo' ? lastPosition(trial, 'B') : null),
      atLeast: Math.round(end),
      promisedBy: ['fifo'],
    },
  ];
}

const speed: Claim = {
  name: "speed against fifo's",
  unit: 'share',
  of: (trial, all) => speedAgainst(trial, all, ({ strategy }) => strategy === 'fifo'),
  atLeast: 0.8,
  isSpeed: true,
};
