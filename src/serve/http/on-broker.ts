import type { BrokerAddress } from '../../broker/connection/address.js';
import { type Connection, openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import { FairqError, unreachableError } from '../../core/errors/errors.js';
import { orRefuseWhenBlocked } from '../../run/queues/refuse-when-blocked.js';
import { Problem } from './problem.js';

export interface OnBroker {
  readonly connection: Connection;
  readonly management: Management;
}

/** A connection that is lost is tried again for so long: what was unbound is to be bound again. */
const RECONNECT_FOR_MS = 30_000;

/**
 * Opens what a long piece of work needs on the broker, and closes it when that has ended. Under an alarm the work is not
 * waited for.
 *
 * @param onLost the connection was lost meanwhile
 */
export async function onBroker<T>(
  address: BrokerAddress,
  name: string,
  onLost: () => void,
  work: (broker: OnBroker) => Promise<T>,
): Promise<T> {
  const management = new Management(address);
  try {
    let isLost = false;
    const connection = await openConnection(address, name, {
      reconnectForMs: RECONNECT_FOR_MS,
      onDisconnected: () => {
        isLost = true;
        onLost();
      },
    });
    try {
      const working = Promise.race([work({ connection, management }), connection.lost]);
      return await orRefuseWhenBlocked(connection, working);
    } catch (error) {
      // Who was cut off knows no more than that a channel is gone.
      if (!isLost || error instanceof FairqError || error instanceof Problem) throw error;
      throw unreachableError('CONNECTION_LOST', 'the connection to the broker was lost meanwhile', {
        hint: 'Ask again.',
        cause: error,
      });
    } finally {
      await connection.close();
    }
  } finally {
    await management.close();
  }
}
