import type { Management } from '../../broker/management/management.js';
import type { CountedListedQueue } from '../../broker/management/queue-figures.js';
import { type Observations, observe } from '../../core/queues/idle-queues.js';
import type { Clock } from '../../core/values/clock.js';
import type { KeptObservations } from './observation-file.js';

/** All queues of the vhost as they are listed now, and what is known of them with that. */
export interface ObservedQueues {
  readonly queues: readonly CountedListedQueue[];
  readonly observations: Observations;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Lists the queues, and remembers what was seen for the next time. */
export async function observeQueues(
  management: Management,
  file: KeptObservations,
  clock: Clock,
): Promise<ObservedQueues> {
  const before = await file.read();
  const queues = await management.countedQueues();
  const at = Math.floor(clock.epochMicros() / 1000);
  const counted = queues.map(({ ready, unacknowledged, ...queue }) => ({
    ...queue,
    tasks: ready + unacknowledged,
  }));
  const observations = observe(before, counted, at);
  await file.write(observations);
  return { queues, observations, at };
}
