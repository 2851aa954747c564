import { type Connection, openConnection } from '../../broker/connection/connection.js';
import type { PublisherUnits } from '../../broker/publishing/publisher-contract.js';
import type { Config } from '../../config/config.js';
import { setUpUnits } from '../../run/units/set-up-units.js';
import type { Context } from '../shared/context.js';
import type { PublishFlags } from './publish-command.js';

/** Undefined where nobody has said what has a queue, or the tasks do not go to queues of users. */
export function unitsToSetUp(
  { strategy, celery, queueType }: PublishFlags,
  { units, address, names }: Config,
  connection: Connection,
  context: Context,
): (() => Promise<PublisherUnits>) | undefined {
  if (units === undefined || strategy !== 'fair' || celery !== undefined) return undefined;
  const connect = () => openConnection(address, 'fairq publish');
  return () => setUpUnits({ connection, names, connect, onNote: context.warn }, units, queueType);
}
