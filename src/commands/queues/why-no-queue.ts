import type { Connection } from '../../broker/connection/connection.js';
import { isExchangeThere } from '../../broker/queues/exchanges.js';
import type { Config } from '../../config/config.js';
import { usageError } from '../../core/errors/errors.js';
import { shellWord } from '../../core/reports/shell-word.js';
import type { OneQueue } from './one-queue.js';

/** Why there is no such queue. What waits of a user without one may be in a queue that light users share. */
export async function whyNoQueue(
  connection: Connection,
  { user, group }: OneQueue,
  { names }: Config,
  name: string,
): Promise<Error> {
  if (user === undefined || !(await isExchangeThere(connection, names.spreadExchange))) {
    return noSuchQueue({ user, ...(group !== undefined && { group }) }, name);
  }
  const word = shellWord(user);
  return usageError(
    'SHARES_QUEUE',
    `user ${JSON.stringify(user)} has no queue "${name}": what waits of it is in a queue that light users share`,
    {
      hint: `Its tasks cannot be taken out of there alone. "fairq pause ${word}" gives it a queue and stops it; workers move its tasks there. "fairq units show" names what is shared.`,
    },
  );
}

function noSuchQueue({ user, group }: OneQueue, name: string): Error {
  const whose =
    user !== undefined
      ? ` of user ${JSON.stringify(user)}`
      : group !== undefined
        ? ` of group ${JSON.stringify(group)}`
        : '';
  return usageError('NO_QUEUE', `there is no queue "${name}"${whose}`, {
    hint:
      user === undefined
        ? '"fairq queues list \'*\'" names those that there are.'
        : '"fairq queues list" names those that there are; a user\'s queue is made with the first task. A queue that is no user\'s is named with --queue.',
  });
}
