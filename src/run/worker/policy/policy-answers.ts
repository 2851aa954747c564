import {
  type GoesBy,
  MOST_PAUSED_USERS,
  MOST_STILL_RUNNING,
  type PausedUser,
  type StillRunning,
} from '../../../broker/control/policy-messages.js';
import { toldText } from '../../../broker/control/running-question.js';
import type { TaskRun } from '../slots/task-run.js';
import type { Steering } from './steering.js';

/** What a worker says of the policy that it goes by: which tasks of paused users still run here. */
export function goesBy(
  { id, name }: { readonly id: string; readonly name: string },
  steering: Pick<Steering, 'revision' | 'isPaused' | 'passesTenantsOver'>,
  running: Iterable<TaskRun>,
): GoesBy {
  const byUser = new Map<string, { running: StillRunning[]; total: number } | undefined>();
  for (const { task, startedAt } of running) {
    const { user } = task.lane;
    if (!byUser.has(user)) {
      byUser.set(user, steering.isPaused(user) ? { running: [], total: 0 } : undefined);
    }
    const paused = byUser.get(user);
    if (paused === undefined) continue;
    paused.total++;
    if (paused.running.length < MOST_STILL_RUNNING)
      paused.running.push({ id: toldText(task.id), started: startedAt });
  }
  const paused = [...byUser].flatMap(([user, tasks]): PausedUser[] =>
    tasks === undefined ? [] : [{ user: toldText(user), ...tasks }],
  );
  return {
    kind: 'goes-by',
    worker: id,
    name: toldText(name),
    revision: steering.revision,
    paused: paused.slice(0, MOST_PAUSED_USERS),
    ...(steering.passesTenantsOver && { tenants: false }),
  };
}
