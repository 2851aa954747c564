/**
 * How many unacknowledged tasks a user queue may have at this worker. Too few, and slots wait for the
 * broker's next delivery; too many, and tasks sit here that an idle worker elsewhere could run.
 */
export interface WindowNeeds {
  readonly concurrency: number;
  /** Users with tasks here, this one included. */
  readonly activeUsers: number;
  /** Workers that share the load, this one included. */
  readonly workers: number;
  /** Mean run time of this user's tasks here, or undefined before the first has ended. */
  readonly taskMs: number | undefined;
  /** How many tasks this user has for this worker, as far as one can tell: found waiting, or served without a pause. */
  readonly backlog: number;
}

/** A round trip to a loaded broker: what is held beyond the running tasks is to last for so long. */
const AHEAD_MS = 20;
/** Held by one worker over all users. */
const WORKER_BUDGET = 2_048;
/**
 * Held of one user at each of several workers. What the slowest of them holds of a user's last tasks
 * comes late by as many turns of all the others, unless the
 * user has a deep backlog, of which a part may be held.
 */
const SHARED_USER_BUDGET = 256;
const PART_OF_BACKLOG = 1 / 4;

export function windowFor(needs: WindowNeeds): number {
  const { concurrency, activeUsers, workers, taskMs, backlog } = needs;
  const users = Math.max(1, activeUsers);
  const running = Math.ceil(concurrency / users);
  if (taskMs === undefined) return running;
  const ahead = (concurrency * AHEAD_MS) / Math.max(taskMs, 0.001) / users;
  const share =
    workers > 1
      ? Math.max(SHARED_USER_BUDGET / workers, backlog * PART_OF_BACKLOG)
      : Number.POSITIVE_INFINITY;
  const most = Math.max(1, Math.min(WORKER_BUDGET / users, share));
  return Math.max(running, Math.floor(Math.min(running + ahead, most)));
}
