import type { OwnerOf } from '../../core/celery/queue-prefix.js';
import type { ListedQueue, QueueList, QueueTotals, UserQueue } from '../../core/reports/queue-report.js';
import { compareNatural } from '../../core/values/natural-order.js';
import { namedBy } from './naming.js';

export type QueueSortKey = 'name' | 'user' | 'ready' | 'unacknowledged' | 'consumers' | 'memory' | 'idle';

export interface QueueSelection {
  /** Over queue names and users; a queue that fairq did not make is shown only where this names it. */
  readonly glob?: string | undefined;
  /** With nothing in it, ready or unacknowledged. */
  readonly empty: boolean;
  /** That nobody consumes. */
  readonly unconsumed: boolean;
  readonly minReady: number;
  /** Idle for so long at least; milliseconds. */
  readonly idleForMs: number;
  readonly sort: QueueSortKey;
  readonly limit?: number | undefined;
  /** Light users share the queue: it is listed as users' queues are. */
  readonly isSpread?: (queue: string) => boolean;
}

/** @param idleMsOf how long a queue is known to have been idle, where that is asked for; milliseconds */
export function chooseQueues(
  listed: readonly ListedQueue[],
  ownerOf: OwnerOf,
  selection: QueueSelection,
  idleMsOf?: (queue: string) => number,
): QueueList {
  const isNamed = namedBy(selection.glob);
  const { empty, unconsumed, minReady, idleForMs } = selection;
  const queues: UserQueue[] = [];
  for (const queue of listed) {
    const { name, ready, unacknowledged, consumers, down } = queue;
    const spread = selection.isSpread?.(name) === true ? { kind: 'spread' as const, name } : undefined;
    const { kind = 'other', name: user } = spread ?? ownerOf(name) ?? {};
    if (!isNamed(name, user) || ready < minReady) continue;
    if ((empty && (down || ready + unacknowledged > 0)) || (unconsumed && (down || consumers > 0))) continue;
    const idleMs = idleMsOf?.(name);
    if (idleMs !== undefined && idleMs < idleForMs) continue;
    queues.push({ ...queue, user: user ?? name, kind, ...(idleMs !== undefined && { idleMs }) });
  }
  queues.sort(orderBy(selection.sort));
  const shown = queues.slice(0, selection.limit ?? queues.length);
  return { queues: shown, hidden: queues.length - shown.length, totals: totalsOf(queues) };
}

function totalsOf(queues: readonly UserQueue[]): QueueTotals {
  const users = new Set<string>();
  const groups = new Set<string>();
  const totals = {
    queues: queues.length,
    ready: 0,
    unacknowledged: 0,
    memoryBytes: 0,
    empty: 0,
    unconsumed: 0,
    down: 0,
  };
  for (const { user, kind, ready, unacknowledged, memoryBytes, consumers, down } of queues) {
    if (kind !== 'spread') (kind === 'group' ? groups : users).add(user);
    totals.ready += ready;
    totals.unacknowledged += unacknowledged;
    totals.memoryBytes += memoryBytes;
    if (down) {
      totals.down++;
      continue;
    }
    if (ready + unacknowledged === 0) totals.empty++;
    if (consumers === 0) totals.unconsumed++;
  }
  return { ...totals, users: users.size, groups: groups.size };
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
    case 'idle':
      return (a, b) => (b.idleMs ?? 0) - (a.idleMs ?? 0) || byUser(a, b);
    default:
      return (a, b) => b[key] - a[key] || byUser(a, b);
  }
}
