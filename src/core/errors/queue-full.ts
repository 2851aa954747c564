import { FairqError } from './errors.js';

/** The limit that is reached: tasks that may wait, and when it ends, in milliseconds since the epoch. */
export interface ReachedLimit {
  readonly value: number;
  readonly until?: number;
}

/** A task was not sent: its queue is full, and nobody waits until it is not. */
export class QueueFull extends FairqError {
  /** @param limit of the policy; undefined where somebody else limits the queue */
  constructor(
    message: string,
    readonly limit: ReachedLimit | undefined,
    hint: string,
  ) {
    super('refused', limit === undefined ? 'QUEUE_FULL' : 'BACKLOG_FULL', message, { hint });
  }
}
