import type { Delivery } from '../../../broker/connection/delivery.js';
import type { ConsumerChannel } from '../../../broker/consuming/consumers.js';
import type { Lane } from '../../../core/scheduling/scheduler.js';

/** The queue that a task is of, as far as its tasks concern it: its user's own, or what a user has in one that is shared. */
export interface TaskQueue {
  readonly name: string;
  readonly lane: Lane<DeliveredTask>;
  /** The queue that delivers its tasks. */
  readonly source: { readonly name: string };
  /** Nothing of it is to start. */
  readonly paused: boolean;
  /** One of its tasks has come. @param now milliseconds */
  delivered(now: number): void;
  /** One of its tasks has ended for good. @param now milliseconds */
  settled(now: number): void;
  /** The delivery of one of its tasks is not here any more, and the task has not ended. */
  wentBack(): void;
  /** A settled task was delivered again. */
  cameBack(): void;
}

/** A delivery that has not ended. */
export interface DeliveredTask {
  readonly lane: Lane<DeliveredTask>;
  readonly queue: TaskQueue;
  /** The delivery, and where it came from; another one when it was delivered again while it ran. */
  message: Delivery;
  channel: ConsumerChannel;
  /** Where this is not the first attempt on the same delivery: its number. */
  attempt: number | undefined;
  /** Its completion is safe: its delivery is to be acknowledged, be it this one or the next. */
  settled: boolean;
  /** The message's id, or one made here for a message that has none. */
  readonly id: string;
  /** When it came here; microseconds since the epoch. */
  readonly arrivedAt: number;
}
