export interface PublishProgress {
  readonly sent: number;
  readonly confirmed: number;
  /** Undefined where they are read while they are sent. */
  readonly total: number | undefined;
}

export interface PublishReport {
  readonly run: string;
  /** Of the task, where it was only one: what `fairq task` is asked with. */
  readonly id: string | null;
  /** Handed to the broker. */
  readonly published: number;
  readonly confirmed: number;
  /** Of them, sent again after a lost connection: some of these may be there twice. */
  readonly sentAgain: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly users: number;
  /** Of the confirmed, those that had been saved: they keep their ids and runs, in which they are counted already. */
  readonly restored: number;
  /** Their runs, by name. */
  readonly restoredRuns: readonly string[];
  /** Queues that tasks went to and that are no user's. */
  readonly queues: readonly string[];
  /** Those of them that are streams: no worker runs what is in one. Null where that is not known. */
  readonly streams: readonly string[] | null;
  /** Sent more than 10 ms after they were due. */
  readonly late: number;
  readonly interrupted: boolean;
  /** Those that the broker does not take, by user. */
  readonly notTaken: readonly NotTakenTasks[];
}

export interface NotTakenTasks {
  readonly user: string;
  readonly tasks: number;
  /** The id of the first of them. */
  readonly firstId: string;
  /** Its line in the file; null where there is none. */
  readonly firstLine: number | null;
  /** `BACKLOG_FULL`: a backlog limit of the policy is reached. */
  readonly code: 'BACKLOG_FULL' | 'TASK_NOT_TAKEN';
  readonly reason: string;
}
