import type { Management } from '../../../broker/management/management.js';
import { SINGLE_ACTIVE_CONSUMER } from '../../../broker/queues/topology.js';

/** What to say of queues that a worker with `--ordered` serves and that do not keep an order by themselves. */
export async function unorderedWarning(
  management: Management,
  queues: readonly string[],
): Promise<string | undefined> {
  const ordered = await management.queuesWithArgument(SINGLE_ACTIVE_CONSUMER);
  const others = queues.filter((queue) => !ordered.has(queue));
  if (others.length === 0) return undefined;
  return `${others.length} of ${queues.length} queues, such as ${JSON.stringify(others[0])}, were not made with "publish --ordered": their order holds only while a single worker serves them`;
}
