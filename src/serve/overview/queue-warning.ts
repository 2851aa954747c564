import type { TaskState } from '../../core/events/task-state.js';
import { encodeText, type Names } from '../../core/queues/names.js';
import type { WorkersHeard } from './workers-heard.js';

/** What whoever asks for a task that waits should know. */
export function queueWarning(names: Names, workers: WorkersHeard): (state: TaskState) => string | undefined {
  return ({ state, user, queue = user && names.userQueuePrefix + encodeText(user) }) =>
    state === 'queued' && queue && workers.isServed(queue) === false
      ? 'no worker serves its queue'
      : undefined;
}
