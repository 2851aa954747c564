import type { RunningTasks } from '../../core/reports/running-report.js';
import type { Clock } from '../../core/values/clock.js';
import { type AskAllDeps, askAllWorkers } from './ask-all-workers.js';

export interface RunningDeps extends Omit<AskAllDeps, 'signal' | 'withinMs'> {
  readonly clock: Clock;
  readonly newId: () => string;
}

/** Asks all workers what they run: known to nobody else. */
export async function findRunning(
  { clock, newId, ...deps }: RunningDeps,
  longerThanMs: number,
  limit: number,
): Promise<RunningTasks> {
  const request = newId();
  const { answers, silent } = await askAllWorkers(
    deps,
    { kind: 'running', request, longerThanMs, limit },
    (message) => (message.kind === 'all-running' && message.request === request ? message : undefined),
  );
  const now = clock.epochMicros();
  const tasks = answers.flatMap(({ name, tasks: told }) =>
    told.map(({ type, ...task }) => ({
      ...task,
      task: type,
      worker: name,
      seconds: Math.max(0, now - task.started) / 1e6,
    })),
  );
  return {
    tasks: tasks.sort((a, b) => a.started - b.started).slice(0, limit),
    total: answers.reduce((sum, { total }) => sum + total, 0),
    workers: answers.map(({ name }) => name).sort(),
    silent,
  };
}
