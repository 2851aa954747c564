import type { Delivery } from '../../../broker/connection/delivery.js';
import type { ConsumerChannel } from '../../../broker/consuming/consumers.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import type { Lane } from '../../../core/scheduling/scheduler.js';

/** A queue that this worker consumes. */
export interface ConsumedQueue {
  readonly name: string;
  readonly lane: Lane<DeliveredTask>;
  /** Prefetch of its consumer. */
  prefetch: number;
  /** The window that it took to keep the slots busy; forgotten little by little. */
  needed: number;
  /** Deliveries not acknowledged: held, running, or finished and not yet written down. */
  outstanding: number;
  /** The window has been full since the lane last rested: the broker may hold more. */
  limited: boolean;
  /** When something last came from or went back to the broker for it; milliseconds. */
  lastTraffic: number;
  /** Since when its tasks come here, and none is left to others; milliseconds. */
  consumedSince: number;
  /** What waited in the queue when it was found; 0 once the lane has rested. */
  backlog: number;
  /** Tasks that have ended since the lane last rested. */
  served: number;
  resizing: boolean;
  /** Not consumed for now: its tasks are left to workers that have free slots. */
  yielded: boolean;
  /**
   * Undefined while its user is busy. At rest, with nothing here, it still counts in the windows of the
   * others until then; milliseconds.
   */
  countsUntil: number | undefined;
}

/** A delivery that has not ended. */
export interface DeliveredTask {
  readonly lane: Lane<DeliveredTask>;
  readonly queue: ConsumedQueue;
  /** The delivery, and where it came from; another one when it was delivered again while it ran. */
  message: Delivery;
  channel: ConsumerChannel;
  /** Where this is not the first attempt on the same delivery: its number. */
  attempt: number | undefined;
  /** Its completion is safe: its delivery is to be acknowledged, be it this one or the next. */
  settled: boolean;
  /** The event of its success; undefined while it runs, and where it failed. */
  completion: TaskEvent | undefined;
  /** The message's id, or one made here for a message that has none. */
  readonly id: string;
  /** When it came here; microseconds since the epoch. */
  readonly arrivedAt: number;
}
