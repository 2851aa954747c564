/** Queues of one number that light users share, or did. */
export interface SpreadQueuesReport {
  /** How many there are to be. */
  readonly count: number;
  readonly there: number;
  /** Names of those that are not there, though their number is in force: somebody has deleted them. */
  readonly missing: readonly string[];
  /** That tasks are spread over now. */
  readonly bound: number;
  readonly ready: number;
  readonly unacknowledged: number;
  /** That nobody consumes. */
  readonly unconsumed: number;
}

/** What gives an exchange its alternate one. */
export interface AlternateReport {
  readonly by: 'argument' | 'policy';
  readonly policy: string | null;
  /** Null where this user may not know. */
  readonly exchange: string | null;
  readonly isOurs: boolean;
}

/** What has a queue, as it is set up on the broker. */
export interface UnitsReport {
  /** `shared:64`, or `user`. */
  readonly units: string;
  /** The broker knows the exchange that spreads tasks. */
  readonly plugin: boolean;
  /** That exchange is there. */
  readonly exchange: boolean;
  /** The exchange for tasks is there. */
  readonly taskExchange: boolean;
  readonly alternate: AlternateReport | null;
  /** Of the number in force first. */
  readonly spread: readonly SpreadQueuesReport[];
  /** Queues of users that were light and have become heavy. */
  readonly promoted: number;
  /** All queues of users' own. */
  readonly userQueues: number;
}
