import { LIMIT_NAMES, type LimitName } from '../../../core/policy/policy-document.js';
import type { TaskRun } from '../slots/task-run.js';
import type { Steering } from './steering.js';

/** What a worker goes by, for who watches it. */
export interface PolicyFigures {
  /** Undefined where the policy cannot be read. */
  readonly revision: number | undefined;
  /** Users whose queues it serves and for whom this is set; a user of a paused tenant is paused. */
  readonly users: Readonly<Record<LimitName, number>>;
  /** Tasks that run here of users with a cap. */
  readonly cappedRunning: number;
}

export function policyFigures(
  revision: number | undefined,
  steering: Pick<Steering, 'inForce' | 'isPaused'>,
  usersServed: Iterable<string>,
  running: Iterable<TaskRun>,
): PolicyFigures {
  const users = { weight: 0, cap: 0, rate: 0, paused: 0, backlog: 0 };
  const capped = new Set<string>();
  for (const user of new Set(usersServed)) {
    const inForce = steering.inForce(user);
    for (const limit of LIMIT_NAMES) {
      const isSet = limit === 'paused' ? steering.isPaused(user) : inForce[limit] !== undefined;
      if (isSet) users[limit]++;
    }
    if (inForce.cap !== undefined) capped.add(user);
  }
  let cappedRunning = 0;
  if (capped.size > 0) for (const { task } of running) if (capped.has(task.lane.user)) cappedRunning++;
  return { revision, users, cappedRunning };
}
