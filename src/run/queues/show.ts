import type { Management } from '../../broker/management.js';
import type { QueueDetails } from '../../broker/queue-figures.js';
import { SINGLE_ACTIVE_CONSUMER } from '../../broker/topology.js';
import type { Clock } from '../../core/clock.js';
import { type Names, userOfQueue } from '../../core/names.js';
import { lookAtQueues } from './look.js';
import type { ObservationFile } from './observation-file.js';

export interface ShownQueue extends QueueDetails {
  /** Undefined for a queue that fairq did not make. */
  readonly user: string | undefined;
  /** Its tasks are run in their order. */
  readonly ordered: boolean;
  /** Publishers reach it; undefined for a queue that fairq did not make. */
  readonly bound: boolean | undefined;
  /** Known to be idle for so long; milliseconds, 0 for not at all. */
  readonly idleMs: number;
  /** Its part of all that workers take from user queues now, 0 to 1; undefined where they take nothing. */
  readonly share: number | undefined;
  /** What it would be if all users that have tasks got the same. */
  readonly fairShare: number | undefined;
  readonly activeUsers: number;
}

/** Everything about one queue; undefined where it is not there. */
export async function showQueue(
  management: Management,
  names: Names,
  file: ObservationFile,
  clock: Clock,
  queue: string,
): Promise<ShownQueue | undefined> {
  const details = await management.queueDetails(queue);
  if (details === undefined) return undefined;
  const user = userOfQueue(names, queue);
  const [rates, bound, { observations, at }] = await Promise.all([
    management.queueRates(),
    user === undefined ? undefined : management.boundQueues(names.taskExchange),
    lookAtQueues(management, file, clock),
  ]);
  let delivered = 0;
  let activeUsers = 0;
  for (const [name, { deliveredPerSecond, tasks }] of rates) {
    if (userOfQueue(names, name) === undefined) continue;
    delivered += deliveredPerSecond;
    if (deliveredPerSecond > 0 || tasks > 0) activeUsers++;
  }
  const since = observations.get(queue)?.since;
  return {
    ...details,
    user,
    ordered: details.arguments[SINGLE_ACTIVE_CONSUMER] === true,
    bound: bound?.has(queue),
    idleMs: since === undefined ? 0 : at - since,
    share: user !== undefined && delivered > 0 ? details.deliveredPerSecond / delivered : undefined,
    fairShare: activeUsers > 0 ? 1 / activeUsers : undefined,
    activeUsers,
  };
}
