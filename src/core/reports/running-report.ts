/** What runs at all workers, as they say. */
export interface RunningTasks {
  /** Those that have run for longest come first. */
  readonly tasks: readonly RunningTaskRow[];
  /** How many run for so long at the workers that answered; more than are told, maybe. */
  readonly total: number;
  /** Names of the workers that answered. */
  readonly workers: readonly string[];
  /** Names of those that are there and did not. */
  readonly silent: readonly string[];
}

/** `started` and `enqueued` are microseconds since the epoch. */
export interface RunningTaskRow {
  readonly id: string;
  readonly user: string;
  readonly run: string;
  readonly task: string;
  readonly worker: string;
  readonly attempt: number;
  readonly enqueued: number;
  readonly started: number;
  /** Up to now. */
  readonly seconds: number;
}
