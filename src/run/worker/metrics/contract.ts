import type { TaskEvent } from '../../../core/task-event.js';

/** What a worker tells somebody who watches it. */
export interface WorkerMetrics {
  ended(event: TaskEvent): void;
}

export const NO_METRICS: WorkerMetrics = { ended: () => {} };
