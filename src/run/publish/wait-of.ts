import type { OutgoingTask } from '../../broker/publishing/publisher.js';
import { stepTowards, waitingHeaders } from '../../core/message/postponed.js';
import { delayQueueOf, encodeText, type Names } from '../../core/queues/names.js';
import type { PlannedTask } from './planned-task.js';

/**
 * Where a task waits that is not due, and what it says there; undefined for one that is due.
 *
 * @param now microseconds since the epoch
 */
export function waitOf(
  { user, queue, dueAt, headers }: PlannedTask,
  now: number,
  names: Names,
): Pick<OutgoingTask, 'toQueue' | 'headers'> | undefined {
  if (dueAt === undefined || dueAt <= now) return undefined;
  const goesTo = queue ?? names.userQueuePrefix + encodeText(user);
  return {
    toQueue: delayQueueOf(names, stepTowards((dueAt - now) / 1000)),
    headers: { ...headers, ...waitingHeaders(goesTo, dueAt, now) },
  };
}
