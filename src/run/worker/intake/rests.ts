import type { Delivery } from '../../../broker/connection/delivery.js';
import { firstSentAt } from '../../../core/message/envelope.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import { REST_AFTER_LOADED_MS, REST_AFTER_MS } from '../../../core/scheduling/tuning.js';
import type { Clock } from '../../../core/values/clock.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { ActiveUser } from './served-queue.js';

/**
 * Tells users that have run out from users whose tasks the broker is slow to send.
 *
 * A queue is *limited* once its prefetch has been full: the broker may then have more, so when its
 * lane runs empty it stays active, and catches up when the next deliveries come. After `REST_AFTER_MS`
 * without any, or at once if it was never limited, it rests.
 *
 * That is a guess: a broker on a busy machine may send nothing of a queue for far longer. The next delivery
 * shows what was true, for its task says when it was sent. The clocks of publishers may differ from ours: one
 * that is late by a while makes the credit of its users as much too large, up to the cost of a prefetch.
 */
export class Rests {
  constructor(
    private readonly scheduler: Scheduler<DeliveredTask>,
    private readonly clock: Clock,
  ) {}

  /** Nothing is prefetched, and nothing is on its way: the prefetch is not full, and has not been for a while. */
  isDue(queue: ActiveUser, now: number, brokerLimits: boolean): boolean {
    if (!queue.hasNothingToStart) return false;
    const restAfter = brokerLimits ? REST_AFTER_LOADED_MS : REST_AFTER_MS;
    return !queue.limited || now - queue.lastTraffic > restAfter;
  }

  /** The user saves up no credit from here on; with nothing running either its queue will soon count no more. */
  rest(queue: ActiveUser, now: number): void {
    this.scheduler.rest(queue.lane);
    queue.rest(now);
  }

  /** Before a delivery counts: its user has a place by when it had this task, or starts at the present. */
  delivered(queue: ActiveUser, message: Delivery, now: number, brokerLimits: boolean): void {
    const { lane } = queue;
    const isDue = queue.isActive && this.isDue(queue, now, brokerLimits);
    if (!isDue && !lane.resting) return;
    const since = this.#waitedSince(queue, message, now);
    const hadRunOut = since === undefined ? !queue.hasMoreToCome : since > queue.lastTraffic;
    if (isDue && hadRunOut) this.rest(queue, now);
    if (since === undefined) return;
    this.scheduler.rest(lane);
    this.scheduler.goOn(lane, since);
  }

  /**
   * Since when this worker could have been sent the task, on the monotonic clock; milliseconds. Undefined where
   * nobody can tell: the message does not say when it was sent, or somebody else had it meanwhile.
   */
  #waitedSince(queue: ActiveUser, { fields, properties }: Delivery, now: number): number | undefined {
    if (fields.redelivered) return undefined;
    const sentAt = firstSentAt(properties.headers);
    if (sentAt === undefined) return undefined;
    const ago = Math.max(0, (this.clock.epochMicros() - sentAt) / 1000);
    return Math.max(now - ago, queue.consumedSince);
  }
}
