import type { LightTotals } from './top-light.js';
import type { SharedQueues, TopShared } from './top-sample.js';

export interface SharedFacts {
  /** Shared queues that are listed, however old that is. */
  readonly listed: number;
  /** Shared queues that a worker says it serves. */
  readonly served: number;
  /** Undefined where it is not known what waits in them. */
  readonly contents: SharedQueues | undefined;
  /** Undefined where not all workers have said it. */
  readonly totals: LightTotals | undefined;
  /** Tasks wait in one of them that no worker serves. */
  readonly unserved: boolean;
}

/** Null where there are no shared queues, or none is known of. */
export function topShared({ listed, served, contents, totals, unserved }: SharedFacts): TopShared | null {
  const queues = Math.max(listed, served);
  if (queues === 0) return null;
  return {
    queues,
    backlog: contents?.ready ?? null,
    unacknowledged: contents?.unacknowledged ?? null,
    atWorkers: totals?.tasks ?? null,
    users: totals?.users ?? null,
    unserved,
  };
}
