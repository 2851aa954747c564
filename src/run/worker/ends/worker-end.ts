import type { Connection } from '../../../broker/connection/connection.js';
import type { Clock } from '../../../core/values/clock.js';
import { IdleCheck, type IdleOptions, type Work } from './idle-check.js';
import { IdleWait } from './idle-wait.js';
import { PausedUsers } from './paused-users.js';
import { ReadyTasks } from './ready-tasks.js';

/**
 * The end of a worker that was asked for.
 *
 * @param onWarning what it waits for, where nothing of that starts
 */
export function endOf(
  work: Work,
  options: IdleOptions,
  { connection, clock }: { readonly connection: Connection; readonly clock: Clock },
  onWarning: (text: string) => void,
): IdleWait {
  const ready = new ReadyTasks(connection);
  const paused = new PausedUsers(work, ready, onWarning);
  return new IdleWait(new IdleCheck(options, work, ready, clock, paused));
}
