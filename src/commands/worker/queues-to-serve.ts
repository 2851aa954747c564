import type { Names } from '../../core/queues/names.js';
import { groupingFrom } from '../flags/group-by.js';
import { checkedQueuePrefix } from '../flags/queue-prefix.js';
import type { WorkerFlags } from './worker-flags.js';

/** Globs over the queues to serve; none where nothing is said, and all of fairq's own are served. */
export async function includedQueues(flags: WorkerFlags, names: Names): Promise<readonly string[]> {
  if (flags.strategy === 'fifo') return [names.sharedQueue];
  if (flags.strategy === 'priority') return [names.priorityQueue];
  if (flags.groupBy === undefined)
    return [...(flags.queues ?? []), ...(await globOf(flags.queuePrefix, names))];
  const { groupsStartWith } = await groupingFrom(flags);
  const groups = groupsStartWith === undefined ? [] : [`${names.groupQueuePrefix}${groupsStartWith}*`];
  // In a map, and without any grouping, there are users with a queue to themselves.
  const { kind } = flags.groupBy;
  return kind === 'map' || kind === 'user'
    ? [...groups, `${names.userQueuePrefix}*`, `${names.spreadQueuePrefix}*`]
    : groups;
}

/** `--queue-prefix` as a glob over the names of queues. */
async function globOf(prefix: string | undefined, names: Names): Promise<string[]> {
  if (prefix === undefined) return [];
  return [`${checkedQueuePrefix(prefix, names)}*`];
}
