/** What is known of queues, as it is listed, planned and reported. */

export interface QueueContents {
  readonly name: string;
  readonly ready: number;
  readonly unacknowledged: number;
}

/** A queue as the broker lists it; figures are up to 5 s old. */
export interface ListedQueue extends QueueContents {
  readonly type: string;
  readonly consumers: number;
  readonly memoryBytes: number;
  /** Most of the nodes that have its tasks are away: what is in it is not known, and counts as 0. */
  readonly down: boolean;
}

export interface UserQueue extends ListedQueue {
  /** Whose it is; the name of a group, of a queue that light users share, or of one that fairq did not make. */
  readonly user: string;
  readonly kind: 'user' | 'group' | 'spread' | 'other';
  /** Seen to be idle for so long, milliseconds; undefined where nobody has asked. */
  readonly idleMs?: number;
}

/** Over all queues that were chosen, shown or not. */
export interface QueueTotals {
  readonly queues: number;
  /** With a queue to themselves. */
  readonly users: number;
  /** Of users that share a queue. */
  readonly groups: number;
  readonly ready: number;
  readonly unacknowledged: number;
  readonly memoryBytes: number;
  /** Of those that are not down, as is `unconsumed`. */
  readonly empty: number;
  readonly unconsumed: number;
  readonly down: number;
}

export interface QueueList {
  readonly queues: readonly UserQueue[];
  /** Chosen, and left out by the limit. */
  readonly hidden: number;
  readonly totals: QueueTotals;
}

/** All queues that light users share, as one. */
export interface SharedQueues {
  readonly queues: number;
  readonly ready: number;
  readonly unacknowledged: number;
  readonly unconsumed: number;
  /** Those of them that are empty: they have no row. */
  readonly folded: number;
  /** The one with the most ready tasks; undefined where none has any. */
  readonly busiest?: Pick<ListedQueue, 'name' | 'ready'>;
}

/** Tasks a second, as means over the last seconds. */
export interface QueueRates {
  readonly publishedPerSecond: number;
  readonly deliveredPerSecond: number;
}

/** Everything that the broker says of one queue. */
export interface QueueDetails extends ListedQueue, QueueRates {
  readonly state: string;
  /** Where it, or its leader, is. */
  readonly node: string;
  readonly policy: string | undefined;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly messageBytes: number;
  /** When the task at its head was sent, by the task's own word; milliseconds since the epoch. Classic queues only. */
  readonly oldestSentAt: number | undefined;
  readonly consumerDetails: readonly ConsumerDetails[];
}

export interface ConsumerDetails {
  /** What the broker calls it. */
  readonly connection: string;
  /** Its address. */
  readonly peer: string;
  readonly user: string;
  readonly prefetch: number;
  /** False where another is the single active one. */
  readonly active: boolean;
}

/** `slots` and `idle` are null of one that consumes the queue and does not answer: what it runs is unknown. */
export interface ServingWorker {
  readonly name: string;
  readonly slots: number | null;
  readonly idle: number | null;
}

/** What is ready, and how many consume it, is what the queue says now. The rest is up to 5 s old. */
export interface ShownQueue extends QueueDetails {
  /** Undefined for a queue that is no user's. */
  readonly user: string | undefined;
  /** Undefined for a queue that is no group's. */
  readonly group: string | undefined;
  /** Its tasks are run in their order. */
  readonly ordered: boolean;
  /** Publishers reach it; undefined for a queue that fairq did not make. */
  readonly bound: boolean | undefined;
  /** Known to be idle for so long; milliseconds, 0 for not at all. */
  readonly idleMs: number;
  /** Workers that serve it, by their own word or the broker's; undefined where this user may not listen to them. */
  readonly workers: readonly ServingWorker[] | undefined;
  /** Tasks of its user that fairq's workers have just ended; undefined where none did, and of other queues. */
  readonly endedPerSecond: number | undefined;
  /** Its part of all that workers take from user queues now, 0 to 1; undefined where they take nothing. */
  readonly share: number | undefined;
  /** What would be fair: who has nothing waiting gets what it asks for, and the others get the same of the rest. */
  readonly fairShare: number | undefined;
  /** Until what waits now has been taken, at the present rate; undefined where nothing is taken, or nothing waits. */
  readonly secondsLeft: number | undefined;
  readonly activeUsers: number;
}

export interface IdleQueue {
  readonly name: string;
  /** Undefined for a queue that fairq did not make. */
  readonly user: string | undefined;
  readonly type: string;
  readonly memoryBytes: number;
  /** As listed, some seconds ago. */
  readonly consumers: number;
  /** Seen to be idle for so long, milliseconds. */
  readonly idleMs: number;
}

export interface PrunePlan {
  /** To be pruned, those idle for longest first. */
  readonly idle: readonly IdleQueue[];
  /** Idle as well, but more than `--max`. */
  readonly beyondMax: number;
  /** Empty, and not idle for long enough, or not known to be. */
  readonly tooSoon: readonly IdleQueue[];
  /** With tasks. */
  readonly busy: number;
  /** Nobody knows what is in them. */
  readonly down: number;
}

export interface PruneOutcome {
  readonly queue: string;
  readonly outcome: 'pruned' | 'kept' | 'failed';
  /** Why it was not pruned. */
  readonly reason?: string;
}

export interface PruneReport {
  readonly pruned: number;
  readonly kept: number;
  readonly failed: number;
  /** What the pruned queues took before, as listed. */
  readonly memoryBytes: number;
  readonly seconds: number;
  readonly outcomes: readonly PruneOutcome[];
}
