/** Attempts that were begun and have ended, as columns. Times are microseconds, by the clock of the worker that ran each. */
export interface Executions {
  /** Whose each was, an index. */
  readonly users: Uint32Array;
  readonly started: Float64Array;
  readonly finished: Float64Array;
}

export interface RunningAtOnce {
  /** Of each user, by index. */
  readonly mostOf: Uint32Array;
  /** Of all together. */
  readonly most: number;
}

/**
 * The most that ran at any moment. Two of which one ended when the other began ran one after the other, and one that
 * took no time ran at a moment of its own: what may have been one after the other is not counted as at once.
 */
export function runningAtOnce(executions: Executions, userCount: number): RunningAtOnce {
  const byUser = timesByUser(executions, userCount);
  const mostOf = Uint32Array.from({ length: userCount }, (_, user) => mostAtOnce(byUser(user)));
  // All of one user are all, and need not be looked at again.
  if (userCount === 1) return { mostOf, most: mostOf[0]! };
  const all = timesByUser({ ...executions, users: new Uint32Array(executions.users.length) }, 1);
  return { mostOf, most: mostAtOnce(all(0)) };
}

/** In the order of time. */
interface Times {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Of those that took no time. */
  readonly moments: Float64Array;
}

function mostAtOnce({ starts, ends, moments }: Times): number {
  let most = 0;
  let ended = 0;
  for (let begun = 1; begun <= starts.length; begun++) {
    while (ends[ended]! <= starts[begun - 1]!) ended++;
    most = Math.max(most, begun - ended);
  }
  let begun = 0;
  ended = 0;
  for (const moment of moments) {
    while (starts[begun]! < moment) begun++;
    while (ends[ended]! <= moment) ended++;
    most = Math.max(most, begun - ended + 1);
  }
  return most;
}

/** Sorts the times of all users at once into two columns, of which each user has a part. */
function timesByUser({ users, started, finished }: Executions, userCount: number): (user: number) => Times {
  const took = (row: number) => finished[row]! > started[row]!;
  // Those that took time are in front of the others of their user.
  const from = new Uint32Array(2 * userCount + 1);
  const part = (row: number) => 2 * users[row]! + (took(row) ? 0 : 1);
  for (let row = 0; row < users.length; row++) from[part(row) + 1]!++;
  for (let i = 1; i < from.length; i++) from[i]! += from[i - 1]!;
  const next = from.slice();
  const starts = new Float64Array(users.length);
  const ends = new Float64Array(users.length);
  for (let row = 0; row < users.length; row++) {
    const to = next[part(row)]!++;
    starts[to] = started[row]!;
    ends[to] = finished[row]!;
  }
  return (user) => {
    const [begin, middle, end] = [from[2 * user]!, from[2 * user + 1]!, from[2 * user + 2]!];
    return {
      starts: starts.subarray(begin, middle).sort(),
      ends: ends.subarray(begin, middle).sort(),
      moments: starts.subarray(middle, end).sort(),
    };
  };
}
