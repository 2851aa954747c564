import type { ConfirmChannel } from './channel.js';
import { isNack } from './connection.js';
import type { PublishProperties } from './publish-properties.js';

/** RabbitMQ closes the channel with this, before 4.0 and since. */
const TOO_LARGE = /message size \d+ (?:is )?larger than (?:configured )?max size (\d+)/;

/** What the broker says of a message that is sent alone. */
export type LoneAnswer =
  | { readonly kind: 'confirmed' | 'returned' | 'nacked' }
  /** There was no answer. @property reason the broker's, where it closed the channel and not all of the connection */
  | { readonly kind: 'closed'; readonly reason: Error | undefined };

/** Sends one message on a channel that nothing else uses, and closes the channel. */
export async function sendAlone(
  channel: ConfirmChannel,
  exchange: string,
  key: string,
  body: Buffer,
  properties: PublishProperties,
): Promise<LoneAnswer> {
  let reason: Error | undefined;
  let isReturned = false;
  channel.once('error', (error) => {
    reason = error;
  });
  channel.once('return', () => {
    isReturned = true;
  });
  const answer = await new Promise<LoneAnswer>((resolve) => {
    channel.once('close', () => resolve({ kind: 'closed', reason }));
    channel.publish(exchange, key, body, properties, (error) => {
      if (!error) resolve({ kind: isReturned ? 'returned' : 'confirmed' });
      else if (isNack(error)) resolve({ kind: 'nacked' });
    });
  });
  if (answer.kind !== 'closed') channel.close().catch(() => {}); // it has gone
  return answer;
}

/** The most that the broker takes, in bytes, where it closed a channel for a message that was larger. */
export function sizeLimitIn(reason: Error | undefined): number | undefined {
  const limit = TOO_LARGE.exec(reason?.message ?? '')?.[1];
  return limit === undefined ? undefined : Number(limit);
}
