import { randomUUID } from 'node:crypto';
import { messageOf } from '../../core/errors/errors.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { within } from '../connection/within.js';

/** The type of the message that finds out. Who gets it throws it away. */
export const CANARY_TYPE = 'fairq.canary';
/** Whoever finds one of them in a queue for lost messages is to know what it is. */
const SAYS = 'fairq asks whether what finds no queue comes back; this may be thrown away';

/** The broker cannot route by an exchange whose plugin is switched off: it closes the channel with these words. */
const CANNOT_ROUTE = /Cannot route message through exchange|exchange type .* not found/;

/** Whether that is why the broker has closed a channel. */
export function saysCannotRoute(reason: string): boolean {
  return CANNOT_ROUTE.test(reason);
}

/** What became of a message that asks: `none` where the channel was lost before there was an answer, or there was none in time. */
type Fate = 'returned' | 'taken' | 'none' | { readonly refused: string };

/**
 * Whether a message that finds no queue comes back from an exchange. Where the exchange has an alternate one it goes
 * there and is confirmed, as if it had arrived. The message that finds out is gone at once, wherever it ends up.
 *
 * @returns undefined where the channel was lost before there was an answer, or there was none in time
 */
export async function unroutableComesBack(
  connection: Connection,
  exchange: string,
  withinMs = Number.POSITIVE_INFINITY,
): Promise<boolean | undefined> {
  const fate = await ask(connection, exchange, withinMs);
  if (fate === 'none') return undefined;
  // Where the exchange is not there, or refuses this user, a task comes to no wrong place either.
  return fate !== 'taken';
}

/** Whether the broker can route what finds no queue: not where the plugin of the alternate exchange is switched off. */
export async function canRoute(connection: Connection, exchange: string): Promise<boolean> {
  const fate = await ask(connection, exchange, Number.POSITIVE_INFINITY);
  return fate !== 'none' && !(typeof fate === 'object' && saysCannotRoute(fate.refused));
}

async function ask(connection: Connection, exchange: string, withinMs: number): Promise<Fate> {
  const channel = await connection.confirmChannel();
  let fate: Fate = 'taken';
  channel.once('return', () => {
    fate = 'returned';
  });
  channel.once('error', (error) => {
    fate = replyCode(error) === undefined ? 'none' : { refused: messageOf(error) };
  });
  // No user and no group has such a key.
  const key = `nobody/${randomUUID()}`;
  const options = { mandatory: true, expiration: '0', type: CANARY_TYPE, contentType: 'text/plain' };
  const confirmed = new Promise<Fate>((resolve) => {
    channel.publish(exchange, key, Buffer.from(SAYS), options, (error) =>
      resolve(error && fate === 'taken' ? 'none' : fate),
    );
  });
  const answer = await within(withinMs, confirmed);
  channel.close().catch(() => {}); // it has gone
  return answer ?? 'none';
}
