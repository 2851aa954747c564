import { type Connection, isNack } from '../../../broker/connection/connection.js';
import type { PublishProperties } from '../../../broker/connection/publish-properties.js';
import { messageOf } from '../../../core/errors/errors.js';

/** A message that is larger goes out on a channel of its own. Nobody's limit is known to be smaller. Bytes. */
export const LARGE_BYTES = 131_072;

/** RabbitMQ closes the channel with this, up to 3.11 and from 3.12 on. */
const TOO_LARGE = /message size \d+ (?:is )?larger than (?:configured )?max size (\d+)/;

export type Sent =
  | { readonly kind: 'taken' }
  /** No queue of that name is there. */
  | { readonly kind: 'returned' }
  /** The queue does not take it. */
  | { readonly kind: 'nacked' }
  /** The broker takes none of this size. @property limit bytes */
  | { readonly kind: 'too large'; readonly limit: number };

/**
 * Sends what may be larger than the broker takes. It cannot be asked for its limit: it closes the channel on which
 * such a message comes, and whatever else was under way there would be sent again, with this one among it. So each
 * has a channel of its own. The limit is remembered once it is known.
 */
export class LargeMessages {
  #limit = Number.POSITIVE_INFINITY;

  constructor(private readonly connection: Connection) {}

  /** Goes on with the next connection when one is lost. */
  async send(queue: string, body: Buffer, options: PublishProperties): Promise<Sent> {
    while (body.length <= this.#limit) {
      const sent = await this.#sendOnce(queue, body, options);
      if (sent !== undefined) return sent;
    }
    return { kind: 'too large', limit: this.#limit };
  }

  /** @returns undefined where it is to be sent again */
  async #sendOnce(queue: string, body: Buffer, options: PublishProperties): Promise<Sent | undefined> {
    const channel = await this.connection.confirmChannel();
    let refusal: unknown;
    let isReturned = false;
    channel.once('error', (error) => {
      refusal = error;
    });
    channel.once('return', () => {
      isReturned = true;
    });
    const answer = await new Promise<'confirmed' | 'nacked' | 'closed'>((resolve) => {
      channel.once('close', () => resolve('closed'));
      channel.sendToQueue(queue, body, options, (error) => {
        if (!error) resolve('confirmed');
        else if (isNack(error)) resolve('nacked');
      });
    });
    if (answer !== 'closed') {
      await channel.close();
      return { kind: answer === 'nacked' ? 'nacked' : isReturned ? 'returned' : 'taken' };
    }
    if (refusal === undefined) return undefined;
    const limit = TOO_LARGE.exec(messageOf(refusal))?.[1];
    if (limit === undefined) throw refusal;
    this.#limit = Number(limit);
    return undefined;
  }
}
