import type { ListedQueue, SharedQueues } from '../../core/reports/queue-report.js';

/**
 * The queues that light users share in one, since most of them say nothing one by one.
 *
 * @returns the queues without those of them that are empty, and what all of them come to; undefined where there are none
 */
export function foldShared(
  listed: readonly ListedQueue[],
  isSpread: (queue: string) => boolean,
): { readonly rest: readonly ListedQueue[]; readonly shared: SharedQueues | undefined } {
  const shared = listed.filter(({ name }) => isSpread(name));
  if (shared.length === 0) return { rest: listed, shared: undefined };
  const isEmpty = ({ ready, unacknowledged, down }: ListedQueue) => !down && ready + unacknowledged === 0;
  const [busiest] = [...shared].sort((a, b) => b.ready - a.ready);
  return {
    rest: listed.filter((queue) => !isSpread(queue.name) || !isEmpty(queue)),
    shared: {
      queues: shared.length,
      ready: shared.reduce((sum, { ready }) => sum + ready, 0),
      unacknowledged: shared.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0),
      unconsumed: shared.filter(({ consumers, down }) => !down && consumers === 0).length,
      folded: shared.filter(isEmpty).length,
      ...(busiest !== undefined && busiest.ready > 0 && { busiest }),
    },
  };
}
