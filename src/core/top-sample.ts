/** What `fairq top` shows at a moment; a line of its `--json`. */
export interface TopSample {
  /** As ISO 8601. */
  readonly at: string;
  readonly users: readonly TopUser[];
  readonly workers: readonly TopWorker[];
  readonly perSecond: number;
  readonly backlog: number;
  /** How old what is said of queues is; null where the broker has not said anything yet. Seconds. */
  readonly listedSecondsAgo: number | null;
}

export interface TopUser {
  readonly user: string;
  /** Tasks that wait, by the last listing; null where its queue was not in it. */
  readonly backlog: number | null;
  /** Delivered to workers and not acknowledged. */
  readonly unacknowledged: number | null;
  readonly consumers: number | null;
  /** Attempts that ended, over the last seconds. */
  readonly perSecond: number;
  /** Its part of what ended, 0 to 1; null where nothing did. */
  readonly share: number | null;
  /**
   * What is fair: who has no backlog gets what it asks for, and the others split the rest by their weights. Null
   * where nothing ended.
   */
  readonly fairShare: number | null;
  /** From enqueued to started, of its last task that ended; null where none did lately. */
  readonly waitMs: number | null;
}

export interface TopWorker {
  readonly name: string;
  readonly slots: number;
  /** Slots in which no task runs, when it last spoke; a mean of the last seconds where tasks are short. */
  readonly idle: number;
  readonly ready: boolean;
  readonly perSecond: number;
}

/** What a queue is known to have. */
export interface TopQueue {
  readonly user: string;
  readonly ready: number;
  readonly unacknowledged: number;
  readonly consumers: number;
}
