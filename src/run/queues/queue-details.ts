import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import type { CountedListedQueue } from '../../broker/management/queue-figures.js';
import { SINGLE_ACTIVE_CONSUMER } from '../../broker/queues/topology.js';
import { ifAllowed } from '../../core/errors/errors.js';
import { type Names, ownQueue, spreadQueue } from '../../core/queues/names.js';
import type { ShownQueue } from '../../core/reports/queue-report.js';
import { topUsers } from '../../core/top/top-window.js';
import type { Clock } from '../../core/values/clock.js';
import type { ObservationFile } from './observation-file.js';
import { observeQueues } from './observe-queues.js';
import { queueNow } from './queue-now.js';
import { withReadyNow } from './ready-now.js';
import { silentWorkers } from './silent-workers.js';

/** Everything about one queue; undefined where it is not there. */
export async function showQueue(
  connection: Connection,
  management: Management,
  names: Names,
  file: ObservationFile,
  clock: Clock,
  queue: string,
): Promise<ShownQueue | undefined> {
  const details = await management.queueDetails(queue);
  if (details === undefined) return undefined;
  const own = ownQueue(names, queue);
  const [{ queues, observations, at }, bound, now, clients] = await Promise.all([
    observeQueues(management, file, clock),
    bindingsOf(management, names, queue),
    queueNow(connection, names, queue),
    ifAllowed(management.clientNames()),
  ]);
  if (now === undefined) return undefined;
  const { ready, consumers } = now;
  const workers = now.workers && [...now.workers, ...silentWorkers(details, clients, now.workers, consumers)];
  const endedPerSecond = own?.kind === 'user' ? now.endedPerSecond?.get(own.name) : undefined;
  const rate = endedPerSecond ?? details.deliveredPerSecond;
  const isTaken = rate > 0 && ready > 0 && consumers > 0;
  const since = observations.get(queue)?.since;
  const owned = queues.flatMap((listed) => {
    const owner = ownQueue(names, listed.name);
    if (owner === undefined) return [];
    // Two of them may be called the same: a user and a group.
    return [{ ...listed, user: owner.kind === 'user' ? owner.name : listed.name }];
  });
  const ended = own?.kind === 'user' ? now.endedPerSecond : undefined;
  const rates = ended ?? new Map(owned.map(({ user, deliveredPerSecond }) => [user, deliveredPerSecond]));
  const row = own?.kind === 'user' ? own.name : queue;
  const current = (
    await withReadyNow(connection, names, owned, ({ user }) => user === row || (rates.get(user) ?? 0) > 0)
  ).map((one) => (one.name === queue ? { ...one, ready } : one));
  return {
    ...details,
    ready,
    consumers,
    workers,
    endedPerSecond,
    user: own?.kind === 'user' ? own.name : undefined,
    group: own?.kind === 'group' ? own.name : undefined,
    ordered: details.arguments[SINGLE_ACTIVE_CONSUMER] === true,
    bound: bound?.has(queue),
    idleMs: since === undefined ? 0 : at - since,
    ...sharesOf(current, row, rates),
    secondsLeft: isTaken ? ready / rate : undefined,
  };
}

/** The queues that are bound where this one is, too, when publishers reach it; undefined for one that fairq did not make. */
async function bindingsOf(
  management: Management,
  names: Names,
  queue: string,
): Promise<ReadonlySet<string> | undefined> {
  if (ownQueue(names, queue) !== undefined) return management.boundQueues(names.taskExchange);
  if (spreadQueue(names, queue) !== undefined) return management.boundQueues(names.spreadExchange);
  return undefined;
}

/** @param rates tasks a second of each user that end, or that the broker delivers */
function sharesOf(
  queues: readonly (CountedListedQueue & { readonly user: string })[],
  row: string,
  rates: ReadonlyMap<string, number>,
): Pick<ShownQueue, 'share' | 'fairShare' | 'activeUsers'> {
  const isActive = ({ user, ready, unacknowledged }: (typeof queues)[number]) =>
    (rates.get(user) ?? 0) > 0 || ready + unacknowledged > 0;
  const rows = topUsers({
    queues,
    listedUsers: [],
    rates,
    inForce: () => ({}),
    running: undefined,
    weightOf: () => 1,
    waitMs: () => null,
    isServed: () => undefined,
  });
  const { share, fairShare } = rows.find(({ user }) => user === row) ?? {};
  return {
    share: share ?? undefined,
    fairShare: fairShare ?? undefined,
    activeUsers: queues.filter(isActive).length,
  };
}
