import type { Random } from '../values/random.js';

/** Whose tasks a load holds, in the order in which they are sent. */
export interface Workload {
  readonly total: number;
  /** The users, each once. */
  readonly users: readonly string[];
  /** A user for each task, by its index. */
  indices(): Iterable<number>;
  /** How many tasks a user is to have; the mean, where they are at random. */
  tasksOf(user: string): number;
}

/** Generated users are called so, with a number from 1. */
const USER = 'user-';

export type Distribution = 'uniform' | 'zipf';

/** A user for each task, by its name. */
export function* orderOf({ users, indices }: Workload): Generator<string> {
  for (const index of indices()) yield users[index]!;
}

export function oneUser(user: string, count: number): Workload {
  return {
    total: count,
    users: [user],
    *indices() {
      for (let i = 0; i < count; i++) yield 0;
    },
    tasksOf: () => count,
  };
}

/** `user-1` … `user-N`, each with the same number of tasks, in turns. */
export function equalUsers(count: number, tasksEach: number): Workload {
  return {
    total: count * tasksEach,
    users: userNames(count),
    *indices() {
      for (let round = 0; round < tasksEach; round++) {
        for (let user = 0; user < count; user++) yield user;
      }
    },
    tasksOf: () => tasksEach,
  };
}

/**
 * `total` tasks over `user-1` … `user-N` at random: evenly, or by Zipf's law with exponent 1, where
 * the k-th user sends in proportion to 1 / k.
 */
export function randomUsers(
  count: number,
  total: number,
  distribution: Distribution,
  random: Random,
): Workload {
  const bounds = new Float64Array(count);
  let sum = 0;
  const partOf = (number: number) => (distribution === 'zipf' ? 1 / number : 1);
  for (let k = 0; k < count; k++) {
    sum += partOf(k + 1);
    bounds[k] = sum;
  }
  return {
    total,
    users: userNames(count),
    *indices() {
      for (let i = 0; i < total; i++) yield firstAbove(bounds, random() * sum);
    },
    tasksOf: (user) => (total * partOf(Number(user.slice(USER.length)))) / sum,
  };
}

/** Index of the first bound above the value. */
function firstAbove(bounds: Float64Array, value: number): number {
  let low = 0;
  let high = bounds.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function userNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${USER}${i + 1}`);
}
