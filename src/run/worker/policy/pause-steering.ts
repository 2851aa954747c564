import type { InForce } from '../../../core/policy/policy.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';
import type { Pausing } from '../intake/pausing.js';
import type { Steered } from './steering.js';

/** Pauses the queues of users that are paused, or whose tenants are, and lets the others go on. */
export class PauseSteering implements Steered {
  constructor(private readonly pausing: Pick<Pausing, 'pause' | 'resume'>) {}

  apply(queue: ConsumedQueue, inForce: InForce, ofTenant: InForce): Promise<void> | undefined {
    const paused = inForce.paused ?? ofTenant.paused;
    // Also where it is so already: a change that was begun before may not be through.
    return paused === undefined ? this.pausing.resume(queue) : this.pausing.pause(queue);
  }
}
