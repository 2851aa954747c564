import type { BrokerAddress } from './connection/address.js';
import { type Connection, type ConnectionOptions, openConnection } from './connection/connection.js';
import { Management } from './management/management.js';

/** What a piece of work needs of the broker. */
export interface OnBroker {
  readonly connection: Connection;
  readonly management: Management;
}

/**
 * Opens what a piece of work needs of the broker, and closes that when the work has ended, however it has.
 *
 * @param name what the broker's operators see of the connection
 */
export async function onBroker<Result>(
  { address }: { readonly address: BrokerAddress },
  name: string,
  options: ConnectionOptions,
  work: (broker: OnBroker) => Promise<Result>,
): Promise<Result> {
  const management = new Management(address);
  try {
    const connection = await openConnection(address, name, options);
    try {
      return await work({ connection, management });
    } finally {
      await connection.close();
    }
  } finally {
    await management.close();
  }
}
