import type { TopSteering } from '../../core/top/top-steering.js';

/** How a user fares now. Null: it is not known. */
export interface UserFigures extends TopSteering {
  readonly user: string;
  /** Whom it belongs to; null where the server does not know of tenants. */
  readonly tenant: string | null;
  /** Its share against the others. */
  readonly weight: number | null;
  /** Tasks that wait in its queue. */
  readonly backlog: number | null;
  /** It has no queue of its own, and what waits of it in shared ones nobody can say. */
  readonly shares: boolean;
  /** Of one that shares: tasks that are known to have come to workers and to wait there. */
  readonly atWorkers: number | null;
  /** At workers: those that run, and those that were prefetched. */
  readonly unacknowledged: number | null;
  readonly perSecond: number;
  /** Its part of what ended in the last seconds, 0 to 1. */
  readonly share: number | null;
  readonly fairShare: number | null;
  /** How long the task at the head of its queue had waited, when it was listed. Of one that shares: its oldest task at workers. */
  readonly oldestWaitSeconds: number | null;
  /** How long its last task that ended had waited before it started. */
  readonly lastWaitSeconds: number | null;
  readonly failedLately: number;
  /** It has tasks, and no worker serves its queue. */
  readonly unserved: boolean;
}
