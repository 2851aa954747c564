import type { Management } from '../../broker/management.js';
import { SINGLE_ACTIVE_CONSUMER } from '../../broker/topology.js';
import type { Clock } from '../../core/clock.js';
import { type Names, ownQueue } from '../../core/names.js';
import type { ShownQueue } from '../../core/queue-report.js';
import { lookAtQueues } from './look.js';
import type { ObservationFile } from './observation-file.js';

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
  const own = ownQueue(names, queue);
  const [{ queues, observations, at }, bound] = await Promise.all([
    lookAtQueues(management, file, clock),
    own === undefined ? undefined : management.boundQueues(names.taskExchange),
  ]);
  let delivered = 0;
  let activeUsers = 0;
  for (const { name, deliveredPerSecond, ready, unacknowledged } of queues) {
    if (ownQueue(names, name) === undefined) continue;
    delivered += deliveredPerSecond;
    if (deliveredPerSecond > 0 || ready + unacknowledged > 0) activeUsers++;
  }
  const since = observations.get(queue)?.since;
  return {
    ...details,
    user: own?.kind === 'user' ? own.name : undefined,
    group: own?.kind === 'group' ? own.name : undefined,
    ordered: details.arguments[SINGLE_ACTIVE_CONSUMER] === true,
    bound: bound?.has(queue),
    idleMs: since === undefined ? 0 : at - since,
    share: own !== undefined && delivered > 0 ? details.deliveredPerSecond / delivered : undefined,
    fairShare: activeUsers > 0 ? 1 / activeUsers : undefined,
    activeUsers,
  };
}
