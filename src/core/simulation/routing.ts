import { byHash } from '../queues/grouping.js';

/** Which queue a user's tasks go to, and whose turns they are at a worker. Queues and lanes are numbers from 0. */
export interface Routing {
  readonly queues: number;
  readonly lanes: number;
  /** The queue of a task that arrives now. */
  queueOf(user: number): number;
  laneOf(user: number): number;
  nameOf(lane: number): string;
  /** Turns go by arrival alone. */
  readonly byArrival: boolean;
  /** The prefetch of this queue at each worker, where it does not follow what users need. */
  fixedPrefetch(queue: number): number | undefined;
}

/** A queue each. */
export function ofUsers(names: readonly string[], byArrival: boolean): Routing {
  return {
    queues: names.length,
    lanes: names.length,
    queueOf: (user) => user,
    laneOf: (user) => user,
    nameOf: (lane) => names[lane]!,
    byArrival,
    fixedPrefetch: () => undefined,
  };
}

/** One queue for all. */
export function inOneQueue(): Routing {
  return {
    queues: 1,
    lanes: 1,
    queueOf: () => 0,
    laneOf: () => 0,
    nameOf: () => 'all',
    byArrival: true,
    fixedPrefetch: () => undefined,
  };
}

/** Groups by a hash of the user, which take turns. */
export function ofGroups(names: readonly string[], groups: number): Routing {
  const groupOf = homesOf(names, groups);
  return {
    queues: groups,
    lanes: groups,
    queueOf: (user) => groupOf[user]!,
    laneOf: (user) => groupOf[user]!,
    nameOf: (lane) => `hash:${groups}:${lane}`,
    byArrival: false,
    fixedPrefetch: () => undefined,
  };
}

/** The group of each user, by the hash that fairq goes by. */
export function homesOf(names: readonly string[], groups: number): Uint32Array {
  const { groupOf, groupsStartWith } = byHash(groups);
  const start = groupsStartWith!.length;
  return Uint32Array.from(names, (name) => Number(groupOf(name)!.slice(start)));
}
