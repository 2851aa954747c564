import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';

/** By name: how each of them routes. All are durable. */
export type Exchanges = Readonly<Record<string, 'direct' | 'fanout'>>;

/**
 * Makes exchanges that are not there. To declare one needs the configure permission though it is there: for a user that
 * has none, to find it is enough.
 *
 * @throws FairqError (refused)
 */
export async function ensureExchanges(connection: Connection, exchanges: Exchanges): Promise<void> {
  let channel = await connection.channel();
  for (const [name, kind] of Object.entries(exchanges)) {
    try {
      await channel.assertExchange(name, kind, { durable: true });
    } catch (error) {
      if (replyCode(error) !== 403) throw explainRefusal(error, `the exchange "${name}"`);
      // Every refusal closes its channel.
      channel = await connection.channel();
      try {
        await channel.checkExchange(name);
      } catch (missing) {
        if (replyCode(missing) === 404) throw explainRefusal(error, `the exchange "${name}"`);
        if (replyCode(missing) !== 403) throw explainRefusal(missing, `the exchange "${name}"`);
        // From 4.0 on a user without any right to it may not even look: what it does next names the right.
        channel = await connection.channel();
      }
    }
  }
  await channel.close();
}
