import type { MostBehind } from '../reports/simulation-report.js';
import type { Played } from './played.js';
import type { SimulatedLoad } from './simulated-load.js';

/** So many users are looked at, of those with the most tasks: only who has many can have many before somebody else. */
const LOOKED_AT = 3;

/**
 * Behind whom somebody waited most: the most tasks of one user that were started while one task of another user waited,
 * beyond those that this other user had started itself meanwhile. Turns give 1, one queue gives all that a user has sent.
 *
 * Stops between users for whoever looks on.
 */
export function* mostBehind(
  load: SimulatedLoad,
  played: Played,
  tasksOf: Uint32Array,
): Generator<void, MostBehind | null> {
  const largest = largestUsers(tasksOf, LOOKED_AT);
  let most: MostBehind | null = null;
  for (const ahead of largest) {
    // Nobody after it has sent so many.
    if (most !== null && most.tasks >= tasksOf[ahead]!) break;
    const { tasks, user } = behind(load, played, ahead);
    if (user >= 0 && tasks > (most?.tasks ?? 0))
      most = { user: load.names[user]!, behind: load.names[ahead]!, tasks };
    yield;
  }
  return most;
}

/** Goes through arrivals and starts in the order of time. */
function behind(load: SimulatedLoad, { starts, waitMs }: Played, ahead: number) {
  const { users, dueMs } = load;
  const started = new Uint32Array(load.names.length);
  /** What this user was ahead of each task's own user when the task arrived; 0 where all arrived before any start. */
  const atArrival = new Int32Array(users.length);
  const isAtOnce = dueMs.at(-1) === dueMs[0];
  let arrived = 0;
  let most = 0;
  let whose = -1;
  for (let i = 0; i < starts.length; i++) {
    const task = starts[i]!;
    if (!isAtOnce) {
      const now = dueMs[task]! + waitMs[task]!;
      for (; arrived < users.length && dueMs[arrived]! <= now; arrived++)
        atArrival[arrived] = started[ahead]! - started[users[arrived]!]!;
    }
    const user = users[task]!;
    const tasks = started[ahead]! - started[user]! - atArrival[task]!;
    if (tasks > most) {
      most = tasks;
      whose = user;
    }
    started[user]!++;
  }
  return { tasks: most, user: whose };
}

/** Those with the most tasks, the most first; of those with as many the first. */
export function largestUsers(tasksOf: Uint32Array, count: number): number[] {
  const largest: number[] = [];
  for (const [user, tasks] of tasksOf.entries()) {
    if (tasks === 0) continue;
    const last = largest.at(-1);
    if (largest.length === count && tasks <= tasksOf[last!]!) continue;
    const place = largest.findIndex((other) => tasksOf[other]! < tasks);
    largest.splice(place < 0 ? largest.length : place, 0, user);
    if (largest.length > count) largest.pop();
  }
  return largest;
}
