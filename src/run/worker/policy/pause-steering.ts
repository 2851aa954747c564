import type { InForce } from '../../../core/policy/policy.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';
import type { Pausing } from '../intake/pausing.js';
import type { Steered } from './steering.js';

/** Pauses the queues of paused users, and lets the others go on. */
export class PauseSteering implements Steered {
  constructor(private readonly pausing: Pick<Pausing, 'pause' | 'resume'>) {}

  apply(queue: ConsumedQueue, { paused }: InForce): Promise<void> | undefined {
    // Also where it is so already: a change that was begun before may not be through.
    return paused === undefined ? this.pausing.resume(queue) : this.pausing.pause(queue);
  }
}
