import { randomUUID } from 'node:crypto';
import { type Connection, replyCode } from '../connection/connection.js';
import { within } from '../connection/within.js';

/** Whoever finds one of them in a queue for lost messages is to know what it is. */
/** The type of the message that finds out. Who gets it throws it away. */
export const CANARY_TYPE = 'fairq.canary';
const SAYS = 'fairq asks whether what finds no queue comes back; this may be thrown away';

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
  const channel = await connection.confirmChannel();
  let comesBack = false;
  channel.once('return', () => {
    comesBack = true;
  });
  // Where the exchange is not there, or refuses this user, a task comes to no wrong place either.
  channel.once('error', (error) => {
    comesBack = replyCode(error) !== undefined;
  });
  // No user and no group has such a key.
  const key = `nobody/${randomUUID()}`;
  const options = { mandatory: true, expiration: '0', type: CANARY_TYPE, contentType: 'text/plain' };
  const confirmed = new Promise<boolean | undefined>((resolve) => {
    channel.publish(exchange, key, Buffer.from(SAYS), options, (error) =>
      resolve(error && !comesBack ? undefined : comesBack),
    );
  });
  const answer = await within(withinMs, confirmed);
  channel.close().catch(() => {}); // it has gone
  return answer;
}
