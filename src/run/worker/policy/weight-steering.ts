import type { InForce } from '../../../core/policy/policy.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { Steered } from './steering.js';

/** Gives each user the weight that the policy says; where it says none, the one of the worker's own flags. */
export class WeightSteering implements Steered {
  constructor(
    private readonly ownWeight: (user: string) => number,
    private readonly scheduler: Pick<Scheduler<DeliveredTask>, 'setWeight'>,
  ) {}

  apply({ lane }: ConsumedQueue, { weight }: InForce): undefined {
    const now = weight?.value ?? this.ownWeight(lane.user);
    if (now !== lane.weight) this.scheduler.setWeight(lane, now);
  }
}
