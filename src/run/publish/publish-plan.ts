import type { QueueKind } from '../../broker/queues/topology.js';
import type { Pacing } from '../../core/load/pacing.js';
import type { PlannedTask } from './planned-task.js';
import type { TaskSource } from './task-file.js';

/** What a publish is to send, and how. */
export interface PublishPlan {
  readonly run: string;
  /** Undefined where they are read while they are sent. */
  readonly total: number | undefined;
  /** Those that are known before. */
  readonly users: readonly string[];
  /** How many tasks of a user are to come, as far as that is known before. */
  readonly tasksOf?: (user: string) => number;
  /** What all of its tasks have in common. */
  readonly common: Pick<PlannedTask, 'queue'> & Partial<Pick<PlannedTask, 'user' | 'type'>>;
  batches(): AsyncGenerator<readonly PlannedTask[]>;
  /** Where they are read from, if they are. */
  readonly source?: TaskSource;
  readonly pacing: Pacing;
  readonly queueKind: QueueKind;
  /** One queue for all users, as in strategy `fifo`. */
  readonly shared: boolean;
  /** It goes on for as long as its process: what it keeps must not grow with the tasks or users that it has met. */
  readonly isEndless?: boolean;
}
