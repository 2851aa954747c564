import type { BrokerAddress } from '../../src/broker/connection/address.js';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import type { PublisherUnits } from '../../src/broker/publishing/publisher-contract.js';
import { setUpSpread } from '../../src/broker/units/spread.js';
import type { Names } from '../../src/core/queues/names.js';

/** Sets up so many classic queues that light users share, for a publisher that sets them up again where they are gone. */
export async function setUpShared(
  { address, connection }: { readonly address: BrokerAddress; readonly connection: Connection },
  names: Names,
  count: number,
): Promise<PublisherUnits> {
  const connect = () => openConnection(address, 'test');
  const again = () => setUpSpread(connection, names, { count, type: 'classic', connect });
  return { kind: 'shared', count, way: await again(), setUp: again };
}
