import type { Delivery } from '../../../broker/connection/delivery.js';
import { firstSentAt } from '../../../core/message/envelope.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { Clock } from '../../../core/values/clock.js';
import type { ConsumedQueue, DeliveredTask } from '../task/delivered-task.js';

/** An empty queue's next deliveries, if there are any, have come by then. */
const REST_AFTER_MS = 40;
/**
 * The same where the broker is what limits the speed: it may take 100 ms to turn a window around. A user
 * laid to rest before would lose the turns that it has waited for.
 */
const REST_AFTER_LOADED_MS = 150;
/**
 * Who rests still has a part in the windows for so long. Among many users each has nothing here for a
 * moment now and then; windows that followed that would be unequal, and so would what users get.
 */
const COUNTS_FOR_MS = 500;

/**
 * Tells users that have run out from users whose tasks the broker is slow to send.
 *
 * A source is *limited* once its window has been full: the broker may then hold more, so when its
 * lane runs empty it stays awake, and catches up when the next deliveries come. After `REST_AFTER_MS`
 * without any, or at once if it was never limited, it rests.
 *
 * That is a guess: a broker on a busy machine may send nothing of a queue for far longer. The next delivery
 * shows what was true, for its task says when it was sent. The clocks of publishers may differ from ours: one
 * that is late by a while makes the credit of its users as much too large, up to the cost of a window.
 */
export class Rests {
  constructor(
    private readonly scheduler: Scheduler<DeliveredTask>,
    private readonly clock: Clock,
  ) {}

  /** Nothing is held, and nothing is on its way: the window has room, and has had for a while. */
  isDue(source: ConsumedQueue, now: number, brokerLimits: boolean): boolean {
    if (source.lane.prefetched.size > 0 || source.outstanding >= source.prefetch) return false;
    const restAfter = brokerLimits ? REST_AFTER_LOADED_MS : REST_AFTER_MS;
    return !source.limited || now - source.lastTraffic > restAfter;
  }

  /** Its user saves up no credit from here on; with nothing running either it will soon count no more. */
  rest(source: ConsumedQueue, now: number): void {
    this.scheduler.rest(source.lane);
    if (source.outstanding > 0) return;
    source.countsUntil = now + COUNTS_FOR_MS;
    source.needed = 0;
    source.limited = false;
    source.served = 0;
    source.backlog = 0;
  }

  /** Before a delivery counts: its user has a place by when it had this task, or starts at the present. */
  delivered(source: ConsumedQueue, message: Delivery, now: number, brokerLimits: boolean): void {
    const { lane } = source;
    const isDue = source.countsUntil === undefined && this.isDue(source, now, brokerLimits);
    if (!isDue && !lane.resting) return;
    const since = this.#waitedSince(source, message, now);
    const hadRunOut = since === undefined ? !hasMore(source) : since > source.lastTraffic;
    if (isDue && hadRunOut) this.rest(source, now);
    if (since === undefined) return;
    this.scheduler.rest(lane);
    this.scheduler.goOn(lane, since);
  }

  /**
   * Since when this worker could have been sent the task, on the monotonic clock; milliseconds. Undefined where
   * nobody can tell: the message does not say when it was sent, or somebody else had it meanwhile.
   */
  #waitedSince(source: ConsumedQueue, { fields, properties }: Delivery, now: number): number | undefined {
    if (fields.redelivered) return undefined;
    const sentAt = firstSentAt(properties.headers);
    if (sentAt === undefined) return undefined;
    const ago = Math.max(0, (this.clock.epochMicros() - sentAt) / 1000);
    return Math.max(now - ago, source.consumedSince);
  }
}

/** Of what waited in the queue when it was found, not all has come. */
function hasMore({ backlog, served, outstanding }: ConsumedQueue): boolean {
  return served + outstanding < backlog;
}
