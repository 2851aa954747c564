import type { Connection } from '../../broker/connection/connection.js';
import { isExchangeThere } from '../../broker/queues/exchanges.js';
import { refusedError } from '../../core/errors/errors.js';
import { type Names, spreadMarkerOf, spreadQueue } from '../../core/queues/names.js';

/**
 * A queue that light users share is not deleted while tasks are sent there: it holds those of many users, and what hashes
 * to it would have no place.
 *
 * @throws FairqError (refused)
 */
export async function refuseSharedQueue(connection: Connection, names: Names, queue: string): Promise<void> {
  const shared = spreadQueue(names, queue);
  if (shared === undefined) return;
  if (!(await isExchangeThere(connection, spreadMarkerOf(names, shared.count)))) return;
  throw refusedError(
    'QUEUE_SHARED',
    `"${queue}" is one of the ${shared.count} queues that light users share; nothing was changed`,
    {
      hint: 'Take them out of use first: fairq units set user, or another number of them. Workers empty them then, and "fairq queues prune" deletes them.',
    },
  );
}
