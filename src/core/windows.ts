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
  /** Tasks that this user has, as far as one can tell: found waiting, or served without a pause. */
  readonly backlog: number;
}

/** A round trip to a loaded broker: what is held beyond the running tasks is to last for so long. */
const AHEAD_MS = 20;
/** Held by one worker over all users. */
const WORKER_BUDGET = 2_048;
/**
 * Held of one user at several workers together. What the slowest of them holds of a user's last tasks
 * comes late by as many turns of all the others. Users that compete have equal windows: where the way
 * from the broker is what limits, the one with the larger window gets more through it.
 */
const SHARED_USER_BUDGET = 256;
/** A user that has the workers to itself may hold so much of its backlog. */
const PART_OF_BACKLOG = 1 / 4;

export function windowFor(needs: WindowNeeds): number {
  const { concurrency, activeUsers, workers, taskMs, backlog } = needs;
  const users = Math.max(1, activeUsers);
  const running = Math.ceil(concurrency / users);
  if (taskMs === undefined) return running;
  const ahead = (concurrency * AHEAD_MS) / Math.max(taskMs, 0.001) / users;
  const share = users === 1 ? Math.max(SHARED_USER_BUDGET, backlog * PART_OF_BACKLOG) : SHARED_USER_BUDGET;
  const most = Math.max(
    1,
    Math.min(WORKER_BUDGET / users, workers > 1 ? share / workers ** 1.5 : WORKER_BUDGET),
  );
  return Math.max(running, Math.floor(Math.min(running + ahead, most)));
}
