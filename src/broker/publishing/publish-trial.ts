import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../core/errors/errors.js';
import { deferred } from '../../core/values/deferred.js';
import type { Connection, ConnectionListener } from '../connection/connection.js';

/** What the broker makes of something that is published. */
export type PublishVerdict =
  | { readonly is: 'taken' }
  /** A memory or disk alarm: it reads nothing more from who has published. */
  | { readonly is: 'blocked'; readonly reason: string }
  | { readonly is: 'refused'; readonly reason: string };

const ANSWER_WITHIN_MS = 10_000;

/**
 * Publishes a message that tells nobody anything. On a connection of its own: the
 * broker stops to read one that publishes during an alarm, and no other.
 */
export async function tryToPublish(
  connect: (listener: ConnectionListener) => Promise<Connection>,
  exchange: string,
): Promise<PublishVerdict> {
  const blocked = deferred<string>();
  const connection = await connect({ onBlocked: blocked.resolve });
  const patience = new AbortController();
  const late = delay(ANSWER_WITHIN_MS, 'it has not answered', { signal: patience.signal }).catch(() => '');
  try {
    const channel = await connection.channel();
    channel.publish(exchange, 'fairq.trial', Buffer.from('{}'), { type: 'fairq.trial' });
    // What is refused closes the channel; the answer to this comes after that.
    const answered = channel.checkExchange(exchange).then(() => undefined);
    const reason = await Promise.race([answered, blocked.promise, late]);
    return reason === undefined ? { is: 'taken' } : { is: 'blocked', reason };
  } catch (error) {
    return { is: 'refused', reason: messageOf(error) };
  } finally {
    patience.abort();
    await connection.close();
  }
}
