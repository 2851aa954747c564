import type { TaskEvent } from '../../../core/events/task-event.js';

/** What a worker tells somebody who watches it. */
export interface WorkerMetrics {
  /** @param isCrash it is a dead letter, since its workers died */
  ended(event: TaskEvent, isCrash: boolean): void;
}

export const NO_METRICS: WorkerMetrics = { ended: () => {} };
