import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { ifAllowed } from '../../core/errors/errors.js';
import { grantQueue, type Names, ownQueue } from '../../core/queues/names.js';
import { removeAllGrants } from '../policy/unneeded-grants.js';

export interface GrantsOfQueuesDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly management?: Pick<Management, 'queueNames'> | undefined;
}

/**
 * Permits and tokens of users whose queues have been deleted go with them, unless somebody holds some. A worker that has
 * tasks of such a user later makes them anew.
 *
 * @returns those that stay, with the reason
 */
export async function removeGrantsOf(
  { connection, names, management }: GrantsOfQueuesDeps,
  deleted: readonly string[],
): Promise<string[]> {
  // Of a queue that belongs to no user its name counts as its user.
  const users = new Set(deleted.map((queue) => ownQueue(names, queue)?.name ?? queue));
  if (users.size === 0 || management === undefined) return [];
  const found = ((await ifAllowed(management.queueNames())) ?? []).flatMap((queue) => {
    const grants = grantQueue(names, queue);
    return grants?.of === 'user' && users.has(grants.name) ? [grants] : [];
  });
  // Their users had nothing for a while: the broker keeps nothing back.
  const { stay } = await removeAllGrants({ connection, names, count: () => 0 }, found);
  return stay.map(({ queue, why }) => `"${queue}" stays: ${why}`);
}
