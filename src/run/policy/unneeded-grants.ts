import type { Connection } from '../../broker/connection/connection.js';
import { type GrantsUnneeded, type Removed, removeGrants } from '../../broker/policy/grant-census.js';
import { GrantTalk } from '../../broker/policy/grant-talk.js';
import { FairqError } from '../../core/errors/errors.js';
import type { Policy } from '../../core/policy/policy.js';
import { tokenPlan } from '../../core/policy/token-plan.js';
import { type GrantQueueName, grantQueue, type Names } from '../../core/queues/names.js';

/** The broker keeps back what was lost no longer than that. Milliseconds. */
const KEPT_BACK_AT_MOST_MS = 60_000;
const AT_ONCE = 8;

/** A queue that was not deleted. */
export interface Stays {
  readonly queue: string;
  /** Such as `the worker "w1" holds something of it`. */
  readonly why: string;
  /** Who has something of it deletes it later. */
  readonly isBeingSeenTo: boolean;
}

export interface RemovedGrants {
  readonly removed: readonly string[];
  readonly stay: readonly Stays[];
}

/** How many numbers a queue is to have; undefined where nothing is set. @param now milliseconds since the epoch */
export function grantsSet(
  policy: Policy,
  { kind, ...rule }: GrantQueueName,
  now: number,
): number | undefined {
  const { cap, rate } = policy.forName(rule, now);
  if (kind === 'permits') return cap?.value.tasks;
  return rate === undefined ? undefined : tokenPlan(rate.value).tokens;
}

/** Queues of permits and tokens among these for which no cap or rate is set any more. @param now milliseconds since the epoch */
export function unneededGrants(
  policy: Policy,
  names: Names,
  queues: Iterable<string>,
  now: number,
): GrantQueueName[] {
  return [...queues].flatMap((queue) => {
    const found = grantQueue(names, queue);
    return found === undefined || grantsSet(policy, found, now) !== undefined ? [] : [found];
  });
}

export interface RemovalDeps {
  readonly connection: Connection;
  readonly names: Names;
  /** How many numbers a queue had; 0: nothing of it can be kept back, undefined: nobody can tell. */
  count(queue: GrantQueueName): number | undefined;
  /** What it was made with, where it is to be waited for what the broker may keep back. */
  readonly definition?: (
    queue: string,
  ) => Promise<{ readonly arguments: Readonly<Record<string, unknown>> } | undefined>;
}

/** Deletes queues of permits and tokens, each unless somebody holds something of it. */
export async function removeAllGrants(
  { connection, names, count, definition }: RemovalDeps,
  queues: readonly GrantQueueName[],
): Promise<RemovedGrants> {
  const removed: string[] = [];
  const stay: Stays[] = [];
  if (queues.length === 0) return { removed, stay };
  let failure: Error | undefined;
  const talk = await GrantTalk.open(connection, names, undefined, (error) => {
    failure = error;
  });
  const left = [...queues];
  const one = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { queue } = next;
      const lostForMs = keptBackMs((await definition?.(queue))?.arguments);
      const unneeded = { queue, count: count(next), lostForMs, waits: definition !== undefined };
      const outcome = await outcomeOf(connection, names, talk, unneeded);
      if (failure !== undefined) throw failure;
      if (outcome === undefined) removed.push(queue);
      else stay.push({ queue, ...outcome });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  } finally {
    talk.close();
  }
  return { removed, stay };
}

/** Undefined: it has gone. */
async function outcomeOf(
  connection: Connection,
  names: Names,
  talk: GrantTalk,
  unneeded: GrantsUnneeded,
): Promise<Omit<Stays, 'queue'> | undefined> {
  try {
    return whyItStays(await removeGrants(connection, names, talk, unneeded));
  } catch (error) {
    if (!(error instanceof FairqError) || error.kind !== 'refused') throw error;
    return { why: error.message, isBeingSeenTo: false };
  }
}

function whyItStays(removed: Removed): Omit<Stays, 'queue'> | undefined {
  switch (removed.is) {
    case 'locked':
      return { why: 'somebody else counts it now', isBeingSeenTo: true };
    case 'silent':
      return { why: 'somebody holds something of it, and does not answer', isBeingSeenTo: false };
    case 'kept-back':
      return { why: 'the broker may keep something of it back', isBeingSeenTo: true };
    case 'held': {
      const holders = removed.holders.map((name) => JSON.stringify(name)).join(', ');
      return { why: `something of it is held: ${holders}`, isBeingSeenTo: true };
    }
    default:
      return undefined;
  }
}

export function keptBackMs(made: Readonly<Record<string, unknown>> | undefined): number {
  const ms = Number(made?.['x-delayed-retry-min'] ?? Number.NaN);
  return ms >= 0 && ms <= KEPT_BACK_AT_MOST_MS ? ms : KEPT_BACK_AT_MOST_MS;
}
