import type { TopSteering } from './top-steering.js';

/** What `fairq top` shows at a moment; a line of its `--json`. */
export interface TopSample {
  /** As ISO 8601. */
  readonly at: string;
  readonly users: readonly TopUser[];
  /** Undefined where nobody has said whom users belong to. */
  readonly tenants?: readonly TopTenant[] | undefined;
  readonly workers: readonly TopWorker[];
  readonly perSecond: number;
  /** In the queues of users and in shared ones. Null where it is not known any more: the last listing is too old. */
  readonly backlog: number | null;
  /** Null where no queue is known that light users share. */
  readonly shared: TopShared | null;
  /**
   * How old the last listing of queues is, whose counts of quorum queues are up to 5 s older; null where there was none yet. Seconds.
   * Older than 10 s it is not gone by.
   */
  readonly listedSecondsAgo: number | null;
  /** The revision of the policy, 0 where nothing was ever set; null where it cannot be read. */
  readonly policyRevision: number | null;
  /** It has listened for long enough to have heard every worker. */
  readonly workersKnown: boolean;
}

export interface TopUser extends TopSteering {
  readonly user: string;
  /** Its share against the others: what operators have set, or what was said when this began to look on. */
  readonly weight: number;
  /** Tasks that wait: as listed, with what was sent and what ended since. Null where that is not known. */
  readonly backlog: number | null;
  /** It has no queue of its own. What waits of it in the shared ones nobody can say, so `backlog` is null. */
  readonly shares: boolean;
  /**
   * Of one that shares: tasks that are known to have come to workers and to wait there. Null where no worker has told of it, and not all
   * have told of all users.
   */
  readonly atWorkers: number | null;
  /** How long the first of these has waited, since it was sent; milliseconds. */
  readonly oldestAtWorkersMs: number | null;
  /** Delivered to workers and not acknowledged. */
  readonly unacknowledged: number | null;
  /** Asked of the queue where nothing of it ends and no worker is heard that serves it; null where nobody asked. */
  readonly consumers: number | null;
  /** It has tasks that wait, nothing consumes its queue, no worker serves it, and none of its tasks ended lately. */
  readonly unserved: boolean;
  /** Attempts that ended, over the last seconds. */
  readonly perSecond: number;
  /** Its part of what ended, 0 to 1; null where nothing did. */
  readonly share: number | null;
  /**
   * What is fair: who has no backlog gets what it asks for, and the others split the rest by their weights. Null
   * where nothing ended, or the backlog is not known. For the others who shares queues gets what it asks for.
   */
  readonly fairShare: number | null;
  /** From enqueued to started, of its last task that ended; null where none did lately. */
  readonly waitMs: number | null;
}

/** The users of a tenant together, as a row of its own. */
export interface TopTenant extends Omit<TopUser, 'user' | 'consumers'> {
  readonly tenant: string;
  readonly users: number;
}

/** The queues that light users share, together. */
export interface TopShared {
  readonly queues: number;
  /** Tasks that wait in them, whoever's they are. Null where that is not known. */
  readonly backlog: number | null;
  /** Delivered to workers and not acknowledged; null where that is not known. */
  readonly unacknowledged: number | null;
  /** Tasks that have come to workers and wait there; null where a worker has not said it. */
  readonly atWorkers: number | null;
  /** Whose these are. A user whose tasks wait at two workers counts twice. */
  readonly users: number | null;
  /** Tasks wait in one of them that no worker serves. */
  readonly unserved: boolean;
}

export interface TopWorker {
  /** Of its process. */
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  /** Slots in which no task runs, when it last spoke; a mean of the last seconds where tasks are short. */
  readonly idle: number;
  readonly ready: boolean;
  readonly perSecond: number;
  /** The task that has run there for longest. */
  readonly longest: TopTask | null;
  /** When it last spoke. Every worker speaks every two seconds. */
  readonly heardSecondsAgo: number;
  /** The revision of the policy that it goes by; null where it has not said one. */
  readonly policyRevision: number | null;
}

export interface TopTask {
  readonly id: string;
  readonly user: string;
  readonly task: string;
  readonly seconds: number;
}

/** What all shared queues are known to have. */
export interface SharedQueues {
  readonly queues: number;
  readonly ready: number;
  readonly unacknowledged: number;
}

/** What a queue is known to have. */
export interface TopQueue {
  readonly user: string;
  readonly ready: number;
  /** Null where only publishers have said that it has tasks. */
  readonly unacknowledged: number | null;
  /** Null where it was not asked. */
  readonly consumers: number | null;
}
