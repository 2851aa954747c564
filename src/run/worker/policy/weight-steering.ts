import type { InForce } from '../../../core/policy/policy.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';
import type { Steered } from './steering.js';

/** Gives each user the weight that the policy says; where it says none, the one of the worker's own flags. */
export class WeightSteering implements Steered {
  constructor(
    private readonly ownWeight: (user: string) => number,
    private readonly intake: { setWeight(queue: ConsumedQueue, weight: number): void },
  ) {}

  apply(queue: ConsumedQueue, { weight }: InForce): undefined {
    const { user, weight: before } = queue.lane;
    const now = weight?.value ?? this.ownWeight(user);
    if (now !== before) this.intake.setWeight(queue, now);
  }
}
