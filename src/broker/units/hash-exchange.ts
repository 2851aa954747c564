import { messageOf } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import type { Connection } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { within } from '../connection/within.js';

/** It comes with RabbitMQ, as the plugin `rabbitmq_consistent_hash_exchange`, and has to be switched on. */
export const HASH_EXCHANGE = 'x-consistent-hash';
export const HASH_PLUGIN = 'rabbitmq_consistent_hash_exchange';

const REASON_COMES_MS = 1_000;

/**
 * Whether the broker knows the type. It answers a declaration of a type that it does not know by ending the connection
 * (503, RabbitMQ 3.10 to 4.3), so it is asked on one of its own. A type that it has known before is "invalid", not "unknown".
 */
export async function knowsHashExchange(connect: () => Promise<Connection>, names: Names): Promise<boolean> {
  const connection = await connect();
  const exchange = `${names.spreadExchange}.trial`;
  const asked = (async () => {
    const channel = await connection.channel();
    await channel.assertExchange(exchange, HASH_EXCHANGE, { durable: true, autoDelete: true });
    await channel.deleteExchange(exchange);
  })();
  asked.catch(() => {}); // told below
  try {
    await Promise.race([asked, connection.lost]);
    return true;
  } catch (error) {
    // Its channel ends before the connection does, which is told the reason.
    const reason = await within(
      REASON_COMES_MS,
      connection.lost.catch((lost: unknown) => lost),
    );
    if ([error, reason].some((it) => /(unknown|invalid) exchange type/.test(messageOf(it)))) return false;
    throw explainRefusal(error, `the exchange "${exchange}"`);
  } finally {
    await connection.close();
  }
}
