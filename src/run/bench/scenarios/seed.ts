import {
  atLeast,
  atMost,
  type Check,
  least,
  nothingLost,
  type Scenario,
  type ScenarioSettings,
  type StrategyResult,
  worst,
} from '../scenario.js';
import type { TrialResult } from '../trial.js';

/** The story: A sends 30,000 tasks, then B sends 500, then the workers start. */
export const seed: Scenario = {
  name: 'seed',
  summary: "A's 30,000 tasks, then B's 500: when is B done?",
  defaults: { workers: 1, concurrency: 10, countA: 30_000, countB: 500 },
  strategies: ['fifo', 'arrival', 'fair'],
  showsStarts: false,
  rounds: 3,
  async script(trial, { countA, countB }) {
    await trial.publish({ user: 'A', count: countA });
    await trial.publish({ user: 'B', count: countB });
    await trial.workToTheEnd();
  },
  checks(results, settings) {
    return [...fates(results, settings), ...nothingLost(results)];
  },
};

/** What one worker may deviate from strict turns at full speed, as a share of B's tasks; and several. */
const ONE_WORKER = { early: 0.1, late: 0.02 };
const SEVERAL_WORKERS_LATE = 0.5;
const SEVERAL_WORKERS_END = 0.9;

function fates(results: readonly StrategyResult[], { workers, countA, countB }: ScenarioSettings): Check[] {
  const fifo = results.find(({ strategy }) => strategy === 'fifo');
  const fair = results.find(({ strategy }) => strategy === 'fair');
  const checks: Check[] = [];
  if (fifo) {
    // Several workers end the queue side by side.
    const end = (countA + countB) * (workers === 1 ? 1 : SEVERAL_WORKERS_END);
    checks.push(
      atLeast("fifo: B's last task comes at the very end", least(fifo.rounds, lastOfB), Math.round(end)),
    );
  }
  if (fair) {
    const turns = Math.min(2 * countB, countA + countB);
    const late = countB * (workers === 1 ? ONE_WORKER.late : SEVERAL_WORKERS_LATE);
    checks.push(
      atMost("fair: B's last task, at most", worst(fair.rounds, lastOfB), Math.round(turns + late)),
    );
    if (workers === 1) {
      const early = countB * ONE_WORKER.early;
      checks.push(
        atLeast("fair: B's last task, at least", least(fair.rounds, lastOfB), Math.round(turns - early)),
      );
    }
  }
  if (fifo && fair) {
    const ratio = fair.report.tasksPerSecond / fifo.report.tasksPerSecond;
    checks.push(atLeast("fair: speed, as a share of fifo's", Math.round(ratio * 1000) / 1000, 0.8));
  }
  return checks;
}

function lastOfB({ report }: TrialResult): number {
  return report.users.find(({ user }) => user === 'B')?.lastCompletionPosition ?? Number.POSITIVE_INFINITY;
}
