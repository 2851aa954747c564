import { stableHash } from './grouping.js';
import { type Names, spreadQueue, spreadQueueOf } from './names.js';

/** What has a queue: each user, or each heavy one, while all light users share a few. */
export type Units =
  | { readonly kind: 'user' }
  /** @property count how many queues the light users share */
  | { readonly kind: 'shared'; readonly count: number };

export const MOST_SPREAD_QUEUES = 4_096;

export const A_QUEUE_EACH: Units = { kind: 'user' };

/** `user` or `shared:N`; undefined for any other text. */
export function unitsIn(text: string): Units | undefined {
  if (text === 'user') return A_QUEUE_EACH;
  const given = /^shared:([1-9]\d{0,3})$/.exec(text)?.[1];
  const count = Number(given);
  return given === undefined || count > MOST_SPREAD_QUEUES ? undefined : { kind: 'shared', count };
}

/** As it is given: `shared:64`. */
export function unitsText(units: Units): string {
  return units.kind === 'user' ? 'user' : `shared:${units.count}`;
}

/** The names of all `count` spread queues. */
export function spreadQueues(names: Names, count: number): string[] {
  return Array.from({ length: count }, (_, index) => spreadQueueOf(names, { count, index }));
}

/** How many spread queues are in force, by the names of those that are bound; undefined where none is. */
export function countInForce(names: Names, bound: ReadonlySet<string>): number | undefined {
  const byCount = new Map<number, number>();
  for (const queue of bound) {
    const count = spreadQueue(names, queue)?.count;
    if (count !== undefined) byCount.set(count, (byCount.get(count) ?? 0) + 1);
  }
  return [...byCount].sort(([a, ofA], [b, ofB]) => ofB - ofA || a - b)[0]?.[0];
}

/**
 * The spread queue that a publisher chooses for a user where the broker cannot. The broker's own choice is another, and
 * nothing depends on which it is.
 */
export function chosenSpreadQueue(names: Names, count: number, user: string): string {
  return spreadQueueOf(names, { count, index: stableHash(user) % count });
}
