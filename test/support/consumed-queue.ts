import { FairScheduler } from '../../src/core/scheduling/fair-scheduler.js';
import type { Scheduler } from '../../src/core/scheduling/scheduler.js';
import { ConsumedQueue } from '../../src/run/worker/intake/consumed-queue.js';
import type { DeliveredTask } from '../../src/run/worker/task/delivered-task.js';

export interface GivenQueue {
  readonly user?: string;
  readonly weight?: number;
  readonly taskMs?: number | undefined;
  readonly prefetch?: number;
  /** Deliveries that are here and have not ended; none of them is in the lane. */
  readonly outstanding?: number;
  /** Tasks that have ended. */
  readonly served?: number;
  readonly backlog?: number;
  readonly scheduler?: Scheduler<DeliveredTask>;
}

/** A queue to which so much has happened, at 0 ms. */
export function consumedQueue(given: GivenQueue = {}): ConsumedQueue {
  const { user = 'A', weight = 1, taskMs, prefetch = 10, outstanding = 0, served = 0, backlog = 0 } = given;
  const { scheduler = new FairScheduler<DeliveredTask>(() => weight) } = given;
  const lane = scheduler.lane(user);
  scheduler.rest(lane);
  lane.taskMs = taskMs;
  const queue = new ConsumedQueue(`fairq.user.${user}`, lane, 0);
  queue.found(backlog);
  queue.consumed(prefetch, 0);
  for (let i = 0; i < served; i++) {
    queue.delivered(0);
    queue.settled(0);
  }
  for (let i = 0; i < outstanding; i++) queue.delivered(0);
  return queue;
}
