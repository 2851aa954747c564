import { type Connection, openConnection } from '../../broker/connection/connection.js';
import type { Config } from '../../config/config.js';
import { setUpUnits } from '../../run/units/set-up-units.js';
import { refuseUnitsAndGroups } from '../flags/units-and-groups.js';
import type { Context } from '../shared/context.js';
import type { WorkerFlags } from './worker-flags.js';

/**
 * Makes what light users are to share, as a publisher does: a worker may be there first.
 *
 * @throws FairqError (usage) where groups are to share queues too, (refused) where something else is set up
 */
export async function setUpUnitsOf(
  flags: Pick<WorkerFlags, 'groupBy' | 'queueType' | 'strategy' | 'celery'>,
  { units, address, names }: Config,
  connection: Connection,
  context: Context,
): Promise<void> {
  refuseUnitsAndGroups({ units }, flags);
  if (units === undefined || flags.strategy !== 'fair' || flags.celery) return;
  const connect = () => openConnection(address, 'fairq worker');
  await setUpUnits({ connection, names, connect, onNote: context.warn }, units, flags.queueType);
}
