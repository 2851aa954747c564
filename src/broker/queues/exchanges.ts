import { type Connection, replyCode } from '../connection/connection.js';
import { brokersWords, explainRefusal } from '../connection/refusal.js';

type ExchangeType = 'direct' | 'fanout';

/** By name: how each of them routes, and where it sends what finds no queue. All are durable. */
export type Exchanges = Readonly<
  Record<string, ExchangeType | { readonly type: ExchangeType; readonly alternate: string }>
>;

/**
 * Makes exchanges that are not there. To declare one needs the configure permission though it is there: for a user that
 * has none, to find it is enough. One that is there with another alternate exchange stays as it is.
 *
 * @returns names of those that have another alternate exchange than was asked for
 * @throws FairqError (refused)
 */
export async function ensureExchanges(connection: Connection, exchanges: Exchanges): Promise<string[]> {
  const others: string[] = [];
  let channel = await connection.channel();
  for (const [name, as] of Object.entries(exchanges)) {
    const { type, alternate } = typeof as === 'string' ? { type: as, alternate: undefined } : as;
    try {
      await channel.assertExchange(name, type, {
        durable: true,
        ...(alternate !== undefined && { alternateExchange: alternate }),
      });
    } catch (error) {
      const isOther = hasOtherAlternate(error);
      if (replyCode(error) !== 403 && !isOther) throw explainRefusal(error, `the exchange "${name}"`);
      // Every refusal closes its channel.
      channel = await connection.channel();
      if (isOther) {
        others.push(name);
        continue;
      }
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
  return others;
}

/** Whether an exchange is there. To a user that may not look at it, it is not. */
export async function isExchangeThere(connection: Connection, exchange: string): Promise<boolean> {
  const channel = await connection.channel();
  try {
    await channel.checkExchange(exchange);
  } catch (error) {
    const code = replyCode(error);
    if (code === 404 || code === 403) return false;
    throw explainRefusal(error, `the exchange "${exchange}"`);
  }
  await channel.close();
  return true;
}

/** The broker compares type and durability before the alternate exchange: those are as they were asked for. */
function hasOtherAlternate(error: unknown): boolean {
  return replyCode(error) === 406 && /inequivalent arg 'alternate-exchange'/.test(brokersWords(error));
}
