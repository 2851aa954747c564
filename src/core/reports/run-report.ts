/**
 * What a run has come to: the shape of `report --json` and of each result of `bench --json`
 * (schema version 1). Positions count from 1 in the order of completion across all workers.
 */
export interface RunReport {
  /** Its id, or how the runs are called that it is of together. */
  readonly run: string;
  /** The ids of them. */
  readonly runs: readonly string[];
  /** The first start and the last completion; microseconds since the epoch, null where nothing has completed. */
  readonly beganAt: number | null;
  readonly endedAt: number | null;
  /** From the first start to the last completion. */
  readonly seconds: number;
  readonly tasksPerSecond: number;
  /** What the publishers of the run say that they sent; null where none has said so yet. */
  readonly published: number | null;
  /** Distinct tasks that ended, done or failed. */
  readonly completed: number;
  readonly failed: number;
  /** Failed attempts that were followed by another, or are to be. */
  readonly retries: number;
  /** Published and not completed; null where `published` is. */
  readonly outstanding: number | null;
  /** Of those: in a queue or prefetched, running, and waiting for their next attempt; null where nobody has looked. */
  readonly waiting: number | null;
  readonly running: number | null;
  readonly retrying: number | null;
  /** Waiting or missing: what cannot be told apart. */
  readonly unknown: number | null;
  /** In no queue, at no worker and not to be tried again. All that are outstanding where nobody has looked. */
  readonly missing: number | null;
  /** Completions of tasks that had already been completed. */
  readonly duplicates: number;
  /**
   * The most attempts that ran at once, by the clocks of the workers: of those that have ended or were given up, in the
   * part of the run that is measured. What still runs is in `running`, and not in this.
   */
  readonly mostRunning: number;
  /** Attempts that ran on when their permits were lost, and others might have them; the first of them. */
  readonly overlaps: readonly OverlapReport[];
  readonly overlapCount: number;
  /**
   * The part of the run that is measured, by when tasks started; null for all of it. Of a part it is not known
   * how much was published, and repeats are counted over the whole. Microseconds since the epoch; null at an
   * open end.
   */
  readonly window: { readonly since: number | null; readonly until: number | null } | null;
  /**
   * Since when its history is there, microseconds since the epoch, where the run is older: the event
   * stream was deleted, or has dropped what is old. Null where all of it is there.
   */
  readonly historyCutAt: number | null;
  /** Names of the workers that ran it. */
  readonly workerNames: readonly string[];
  /** Of the run, though a report may show some of them only. */
  readonly userCount: number;
  readonly users: readonly UserReport[];
  /** Of all tasks: from enqueued (where the load was paced, from when they were due) to started. */
  readonly dwellMs: Percentiles | null;
  /** How well a paced load was sent; null for one that is as fast as it goes. */
  readonly sending: SendingReport | null;
  readonly fairness: FairnessReport;
}

/** A change of the policy while a run went on: `policyChanges` of `report --json`. */
export interface PolicyChangeReport {
  readonly revision: number;
  /** Microseconds since the epoch, by the operator's clock. */
  readonly at: number;
  readonly by: string;
  /** The change in words. */
  readonly what: string;
}

/** Times are microseconds since the epoch, by the worker's clock. */
export interface OverlapReport {
  readonly worker: string;
  /** Its id. */
  readonly task: string;
  readonly user: string;
  readonly run: string;
  readonly attempt: number;
  /** From then on others might have its permit. */
  readonly from: number;
  /** Null: it still ran when its worker last said so. */
  readonly to: number | null;
}

export interface UserReport {
  readonly user: string;
  /** Completed tasks. */
  readonly tasks: number;
  /** Those of them that failed for good. */
  readonly failed: number;
  /** Failed attempts that were followed by another, or are to be. */
  readonly retries: number;
  /** Published by this user and not completed; null where unknown. The rest as in `RunReport`. */
  readonly outstanding: number | null;
  readonly waiting: number | null;
  readonly running: number | null;
  readonly retrying: number | null;
  readonly unknown: number | null;
  readonly missing: number | null;
  /** Rank of this user's first start among all starts; null where none has started. */
  readonly firstStartPosition: number | null;
  readonly firstCompletionPosition: number | null;
  readonly lastCompletionPosition: number | null;
  /** From enqueued to started; null where nothing has started. */
  readonly dwellMs: Percentiles | null;
  /** How far it was behind its fair share at the worst moment, in tasks. */
  readonly maxLagTasks: number;
  /** The most of its attempts that ran at once; as in `RunReport`. */
  readonly mostRunning: number;
}

export interface SendingReport {
  /** Tasks that were sent more than 10 ms after they were due. */
  readonly late: number;
  /** How much after; over all tasks. */
  readonly latenessMs: Percentiles;
  /** From when they really were sent to started: what dwell would be if a late sender were forgiven. */
  readonly dwellFromSentMs: Percentiles;
  /** More than one in a hundred was late: the sender, and not what is measured, was the limit. */
  readonly senderWasLimit: boolean;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface FairnessReport {
  /** Jain's index at half of the completions, over each user's service divided by its fair share. */
  readonly jainAtHalf: number;
  /** How far the worst-served backlogged user was behind its fair share, in tasks. */
  readonly maxLagTasks: number;
  /** The same as the time that the workers take for so many tasks, at the run's mean speed. */
  readonly maxLagMs: number;
  readonly maxLagUser: string | null;
  /** When that was, seconds after the first start. */
  readonly maxLagAtSeconds: number | null;
}

/** Who completed, in order: `order[i]` is the index into `users` of completion i + 1. */
export interface CompletionOrder {
  readonly users: readonly string[];
  readonly order: Uint32Array;
}
