import type { BrokerAddress } from '../../broker/connection/address.js';
import { type OnBroker, onBroker } from '../../broker/on-broker.js';
import { FairqError, unreachableError } from '../../core/errors/errors.js';
import { orRefuseWhenBlocked } from '../../run/queues/refuse-when-blocked.js';
import { Problem } from './problem.js';

/** A connection that is lost is tried again for so long: what was unbound is to be bound again. */
const RECONNECT_FOR_MS = 30_000;

/** Does a long piece of work on the broker. Under an alarm the work is not waited for. */
export async function whileConnected<T>(
  address: BrokerAddress,
  name: string,
  work: (broker: OnBroker) => Promise<T>,
): Promise<T> {
  let isLost = false;
  const onDisconnected = () => {
    isLost = true;
  };
  return onBroker({ address }, name, { reconnectForMs: RECONNECT_FOR_MS, onDisconnected }, async (broker) => {
    const { connection } = broker;
    try {
      return await orRefuseWhenBlocked(connection, Promise.race([work(broker), connection.lost]));
    } catch (error) {
      // Who was cut off knows no more than that a channel is gone.
      if (!isLost || error instanceof FairqError || error instanceof Problem) throw error;
      throw unreachableError('CONNECTION_LOST', 'the connection to the broker was lost meanwhile', {
        hint: 'Ask again.',
        cause: error,
      });
    }
  });
}
