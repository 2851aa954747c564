/** How a task ended at this attempt; `retrying`: it failed, and there is to be another. */
export type Outcome = 'done' | 'failed' | 'retrying';

/** What a worker writes down about one finished task. Times are microseconds since the Unix epoch. */
export interface TaskEvent {
  readonly id: string;
  readonly user: string;
  /** The run it was published in; empty for a task that fairq did not publish. */
  readonly run: string;
  /** Its number among the tasks of this user in this run, from 1; 0 where unknown. */
  readonly sequence: number;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly worker: string;
  /** When it was (or, for a paced load, should have been) sent. */
  readonly enqueued: number;
  /** How much later than `enqueued` it really was sent; microseconds. 0 for a load that is not paced. */
  readonly sentLate: number;
  readonly started: number;
  readonly finished: number;
  /** The broker had delivered it before, to somebody who did not acknowledge it. */
  readonly redelivered: boolean;
  /** What it returned, or why it failed, is kept among the results for a while. */
  readonly hasResult: boolean;
  /** Where its sender's trace goes on: W3C Trace Context. Undefined for a task that came without one. */
  readonly traceparent?: string | undefined;
}

/** What a publisher writes down before it sends: that tasks with such ids are its own. */
export interface PublishedIds {
  /** What all ids of its generator have in common; see `idSeries`. */
  readonly series?: string;
  /** When it said so; microseconds since the epoch. */
  readonly at?: number;
  /** What all tasks of the series have in common. */
  readonly all?: AboutTask;
  /** It has sent all of them, and has no run record to say so with: nothing was confirmed that counts as new. */
  readonly ended?: boolean;
  /** Tasks one by one: those whose ids were given to it, and those of a small file. */
  readonly tasks?: readonly AnnouncedTask[];
}

/** What a publisher says of a task before it sends it. */
export interface AboutTask {
  readonly user?: string;
  readonly run?: string;
  /** The task's name. */
  readonly task?: string;
  readonly queue?: string;
  /** It does not start before; microseconds since the epoch. */
  readonly due?: number;
}

export interface AnnouncedTask extends AboutTask {
  readonly id: string;
}

/** What a publisher writes down at its end: how many tasks of which user it got confirmed. */
export interface RunRecord {
  readonly run: string;
  /** Names the publisher's record, so that a repeated one counts once. */
  readonly record: string;
  /** When the first task of this publisher was sent. */
  readonly started: number;
  readonly finished: number;
  /** Confirmed tasks by user. A large record is split over several with different `record` names. */
  readonly tasks: ReadonlyMap<string, number>;
  /** Queues that its tasks went to and that are no user's own; undefined in records of older publishers. */
  readonly queues?: readonly string[] | undefined;
}
