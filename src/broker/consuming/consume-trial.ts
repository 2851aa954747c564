import { messageOf } from '../../core/errors/errors.js';
import { ChannelPool } from '../connection/channel-pool.js';
import { type Connection, replyCode } from '../connection/connection.js';
import type { Delivery } from '../connection/delivery.js';

/** Why a queue cannot be consumed. */
export interface Refusal {
  readonly reason: string;
  /** Nobody refuses it: it is back with its nodes. */
  readonly isDown?: true;
}

/** What the broker says of a queue that somebody wants to consume. */
export type Verdict =
  | { readonly is: 'allowed' }
  | { readonly is: 'absent' }
  /** It may not be consumed: no permission (403), or somebody else has it alone (403, 405). */
  | ({ readonly is: 'refused' } & Refusal);

const ALLOWED: Verdict = { is: 'allowed' };
const TRIAL_CHANNELS = 8;

/**
 * Asks whether a queue may be consumed, on channels that nothing else uses: the broker answers a no by closing the
 * channel. Only an attempt to consume shows a missing permission; what arrives meanwhile is given back.
 */
export class ConsumeTrial {
  readonly #channels: ChannelPool;

  constructor(connection: Connection) {
    this.#channels = new ChannelPool(connection, TRIAL_CHANNELS);
  }

  /** Whether the broker lets this user consume it now. */
  async mayConsume(queue: string): Promise<Verdict> {
    return verdictOf(
      this.#channels.with(async (channel) => {
        const came: Delivery[] = [];
        await channel.prefetch(1);
        const { consumerTag } = await channel.consume(queue, (message) => {
          if (message !== null) came.push(message);
        });
        await channel.cancel(consumerTag);
        for (const message of came) channel.nack(message, false, true);
      }),
    );
  }

  /** Whether it is there. Needs no permission and disturbs no task. */
  async isThere(queue: string): Promise<Verdict> {
    return verdictOf(this.#channels.with((channel) => channel.checkQueue(queue)));
  }
}

/** What failed without an answer went with its connection: whoever consumes next is told. */
async function verdictOf(asked: Promise<unknown>): Promise<Verdict> {
  try {
    await asked;
    return ALLOWED;
  } catch (error) {
    const code = replyCode(error);
    if (code === undefined) return ALLOWED;
    return code === 404 ? { is: 'absent' } : { is: 'refused', reason: messageOf(error) };
  }
}
