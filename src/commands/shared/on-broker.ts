import {
  type Connection,
  type ConnectionOptions,
  openConnection,
} from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import type { Config } from '../../config/config.js';

/** What a command works with on the broker. */
export interface OnBroker {
  readonly connection: Connection;
  readonly management: Management;
}

/**
 * Opens what a command works with on the broker, and closes that when the work has ended, however it has.
 *
 * @param name what the broker's operators see of the connection
 */
export async function onBroker<Result>(
  { address }: Config,
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
