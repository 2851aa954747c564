import type { ListedQueue, Management } from '../../broker/management.js';
import { glob } from '../../core/glob.js';
import { type Names, userOfQueue } from '../../core/names.js';
import { compareNatural } from '../../core/natural-order.js';

export interface UserQueue extends ListedQueue {
  readonly user: string;
}

export type QueueSortKey = 'name' | 'user' | 'ready' | 'unacknowledged' | 'consumers' | 'memory';

export interface QueueSelection {
  /** Over queue names and users; a queue that fairq did not make is shown only where this names it. */
  readonly glob?: string;
  readonly sort: QueueSortKey;
  readonly limit?: number;
}

export async function listUserQueues(
  management: Management,
  names: Names,
  selection: QueueSelection,
): Promise<{ queues: UserQueue[]; hidden: number }> {
  const pattern = selection.glob === undefined ? undefined : glob(selection.glob);
  const queues: UserQueue[] = [];
  for (const queue of await management.queues()) {
    const user = userOfQueue(names, queue.name);
    if (
      user === undefined
        ? pattern?.matches(queue.name)
        : !pattern || pattern.matches(queue.name) || pattern.matches(user)
    ) {
      queues.push({ ...queue, user: user ?? queue.name });
    }
  }
  queues.sort(orderBy(selection.sort));
  const shown = queues.slice(0, selection.limit ?? queues.length);
  return { queues: shown, hidden: queues.length - shown.length };
}

function orderBy(key: QueueSortKey): (a: UserQueue, b: UserQueue) => number {
  const byUser = (a: UserQueue, b: UserQueue) => compareNatural(a.user, b.user);
  switch (key) {
    case 'name':
      return (a, b) => compareNatural(a.name, b.name);
    case 'user':
      return byUser;
    case 'memory':
      return (a, b) => b.memoryBytes - a.memoryBytes || byUser(a, b);
    default:
      return (a, b) => b[key] - a[key] || byUser(a, b);
  }
}
