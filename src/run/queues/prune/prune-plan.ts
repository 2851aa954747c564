import type { CountedListedQueue } from '../../../broker/management/queue-figures.js';
import type { OwnerOf } from '../../../core/celery/queue-prefix.js';
import type { Observations } from '../../../core/queues/idle-queues.js';
import { isReserved, type Names, ownQueue, spreadQueue } from '../../../core/queues/names.js';
import type { IdleQueue, PrunePlan } from '../../../core/reports/queue-report.js';
import { namedBy } from '../naming.js';

export interface PruneSelection {
  /** Over the names of queues and users; undefined: every user queue. */
  readonly match: string | undefined;
  /** Queues too that fairq did not make, where `match` names them. */
  readonly includeForeign: boolean;
  /** Milliseconds. */
  readonly idleForMs: number;
  /** Queues at the most, those idle for longest. */
  readonly max: number;
  /** Whose a queue is; fairq's own queues if not given. */
  readonly ownerOf?: OwnerOf | undefined;
  /** Bound to the exchange that spreads tasks. Where none is, or nobody can say, all shared queues stay. */
  readonly boundSpread?: ReadonlySet<string> | undefined;
}

/**
 * Which queues may go.
 *
 * @param at when they were listed; milliseconds since the epoch, as in the observations
 */
export function planPrune(
  queues: readonly CountedListedQueue[],
  observations: Observations,
  names: Names,
  selection: PruneSelection,
  at: number,
): PrunePlan {
  const isChosen = chooser(names, selection);
  const { ownerOf = (queue: string) => ownQueue(names, queue) } = selection;
  const idle: IdleQueue[] = [];
  const tooSoon: IdleQueue[] = [];
  let busy = 0;
  let away = 0;
  for (const { name, type, memoryBytes, consumers, ready, unacknowledged, down } of queues) {
    const user = ownerOf(name)?.name;
    if (!isChosen(name, user, type)) continue;
    if (down) {
      away++;
      continue;
    }
    if (ready + unacknowledged > 0) {
      busy++;
      continue;
    }
    const idleMs = at - (observations.get(name)?.since ?? at);
    const queue = { name, user, type, memoryBytes, consumers, idleMs };
    if (idleMs >= selection.idleForMs) idle.push(queue);
    else tooSoon.push(queue);
  }
  idle.sort((a, b) => b.idleMs - a.idleMs || (a.name < b.name ? -1 : 1));
  return {
    idle: idle.slice(0, selection.max),
    beyondMax: Math.max(0, idle.length - selection.max),
    tooSoon,
    busy,
    down: away,
  };
}

function chooser(
  names: Names,
  { match, includeForeign, boundSpread }: PruneSelection,
): (name: string, user: string | undefined, type: string) => boolean {
  const isNamed = namedBy(match);
  const nowBound = boundSpread ?? new Set<string>();
  return (name, user, type) => {
    // Of those that light users share, the ones of a number that is in force no longer.
    if (spreadQueue(names, name) !== undefined) {
      return nowBound.size > 0 && !nowBound.has(name) && (match === undefined || isNamed(name, undefined));
    }
    if (!isNamed(name, user)) return false;
    if (user !== undefined) return true;
    // What fairq needs itself is never pruned, whatever the glob says; neither is a stream, which is never empty.
    if (!includeForeign || isReserved(names, name) || type === 'stream') return false;
    if (name === names.sharedQueue || name === names.priorityQueue) return false;
    // Those of the broker's own naming are somebody's for as long as their connection lasts.
    return !name.startsWith('amq.');
  };
}
