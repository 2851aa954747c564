import type { Connection } from '../../../broker/connection/connection.js';
import type { PublishProperties } from '../../../broker/connection/publish-properties.js';
import { sendAlone, sizeLimitIn } from '../../../broker/connection/send-alone.js';

/** A message that is larger goes out on a channel of its own. Nobody's limit is known to be smaller. Bytes. */
export const LARGE_BYTES = 131_072;

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
    const answer = await sendAlone(channel, '', queue, body, options);
    if (answer.kind === 'confirmed') return { kind: 'taken' };
    if (answer.kind !== 'closed') return { kind: answer.kind };
    if (answer.reason === undefined) return undefined;
    const limit = sizeLimitIn(answer.reason);
    if (limit === undefined) throw answer.reason;
    this.#limit = limit;
    return undefined;
  }
}
