import type { Names } from '../../core/queues/names.js';
import type { Channel } from '../connection/channel.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { CLASSIC_QUEUE } from '../queues/queue-arguments.js';

const MOST_TRIES = 10;

/**
 * Publishers that send past the exchange, straight to queues. Unbinding a queue does not keep these from it, so nobody
 * may delete one meanwhile. Each consumes one queue that stays empty: its consumers tell how many they are.
 */
export class DirectSender {
  private constructor(private readonly channel: Channel) {}

  /** @param onLost it is no longer known to be one */
  static async begin(connection: Connection, names: Names, onLost: () => void): Promise<DirectSender> {
    for (let tries = 1; ; tries++) {
      const channel = await connection.channel();
      try {
        await consume(channel, names.directSenders);
        channel.once('close', onLost);
        return new DirectSender(channel);
      } catch (error) {
        // The last of the others went between the two steps, and the queue with it.
        if (replyCode(error) === 404 && tries < MOST_TRIES) continue;
        throw explainRefusal(error, `the queue "${names.directSenders}"`);
      }
    }
  }

  async end(): Promise<void> {
    this.channel.removeAllListeners('close');
    await this.channel.close().catch(() => {}); // it went with its connection, and the consumer with it
  }
}

/** How many there are now. */
export async function countDirectSenders(connection: Connection, names: Names): Promise<number> {
  const channel = await connection.channel();
  try {
    const { consumerCount } = await channel.checkQueue(names.directSenders);
    await channel.close();
    return consumerCount;
  } catch (error) {
    if (replyCode(error) === 404) return 0;
    throw explainRefusal(error, `the queue "${names.directSenders}"`);
  }
}

async function consume(channel: Channel, queue: string): Promise<void> {
  await channel.assertQueue(queue, { durable: true, autoDelete: true, arguments: CLASSIC_QUEUE });
  const onMessage = (message: unknown) => {
    if (message === null) channel.close().catch(() => {}); // the queue was deleted
  };
  await channel.consume(queue, onMessage, { noAck: true });
}
