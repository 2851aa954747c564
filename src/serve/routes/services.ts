import type { TaskState } from '../../core/events/task-state.js';
import type { Idempotency } from '../keys/idempotency.js';
import type { Sending } from '../tasks/sending.js';
import type { TaskKind } from '../tasks/task-kind.js';
import type { TaskStates } from '../tasks/task-states.js';

/** What the routes work with. */
export interface Services {
  readonly sending: Sending;
  readonly states: TaskStates;
  readonly kind: TaskKind;
  readonly keys: Idempotency;
  readonly newId: () => string;
  /** Since the epoch. */
  readonly nowMicros: () => number;
  /** The server ends: waits end, too. */
  readonly closing: AbortSignal;
  /** What whoever asks for a task should know, such as that no worker serves its queue. */
  readonly warningOf: (state: TaskState) => string | undefined;
  /** Why it is not ready to take tasks; undefined where it is. */
  readonly trouble: () => string | undefined;
}
