import { orderByTime } from '../values/order-by-time.js';

/** A task of a user; microseconds. */
export interface Waiting {
  readonly user: string;
  readonly enqueued: number;
  readonly started: number;
}

/**
 * The bound of start-time fair queueing, measured: for every two users, through every interval in
 * which both have a task that waits, how far service divided by weight (tasks started) drifts apart.
 * One picker that sees every task at once stays within one task of each user, so within 2 for equal
 * weights.
 *
 * @returns the largest drift, in tasks of a user of weight 1
 */
export function driftWhileBackloggedTogether(
  tasks: readonly Waiting[],
  weightOf: (user: string) => number = () => 1,
): number {
  const users = [...new Set(tasks.map(({ user }) => user))];
  const index = new Map(users.map((user, i) => [user, i]));
  const weights = users.map(weightOf);
  const waiting = users.map(() => 0);
  const service = users.map(() => 0);
  const pairs = new Map<number, { least: number; most: number }>();
  let largest = 0;

  const look = (user: number, other: number): void => {
    const [a, b] = user < other ? [user, other] : [other, user];
    const key = a * users.length + b;
    if (waiting[a] === 0 || waiting[b] === 0) {
      pairs.delete(key);
      return;
    }
    const difference = service[a]! - service[b]!;
    const seen = pairs.get(key);
    if (seen === undefined) {
      pairs.set(key, { least: difference, most: difference });
      return;
    }
    seen.least = Math.min(seen.least, difference);
    seen.most = Math.max(seen.most, difference);
    largest = Math.max(largest, seen.most - seen.least);
  };

  // Arrivals first where both fall on the same moment: a task cannot start before it is there.
  const times = Float64Array.from(
    tasks.flatMap(({ enqueued, started }) => [Math.min(enqueued, started), started]),
  );
  for (const change of orderByTime(times)) {
    const user = index.get(tasks[change >> 1]!.user)!;
    if (change % 2 === 0) {
      waiting[user]!++;
      if (waiting[user]! > 1) continue;
    } else {
      waiting[user]!--;
      service[user]! += 1 / weights[user]!;
    }
    for (let other = 0; other < users.length; other++) if (other !== user) look(user, other);
  }
  return largest;
}
