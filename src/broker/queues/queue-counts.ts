import type { Channel } from '../connection/channel.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';

/** Questions are asked on so many channels at once: each of them has one answer to wait for at a time. */
const CHANNELS = 16;

export interface QueueCount {
  /** Neither delivered nor acknowledged. */
  readonly ready: number;
  readonly consumers: number;
}

/** What is in each of these queues now, by the broker's own count; those that are not there are left out. */
export async function countQueues(
  connection: Connection,
  queues: readonly string[],
): Promise<Map<string, QueueCount>> {
  const counts = new Map<string, QueueCount>();
  let next = 0;
  const ask = async () => {
    let channel: Channel | undefined;
    while (next < queues.length) {
      const queue = queues[next++]!;
      channel ??= await connection.channel();
      try {
        const { messageCount, consumerCount } = await channel.checkQueue(queue);
        counts.set(queue, { ready: messageCount, consumers: consumerCount });
      } catch (error) {
        if (replyCode(error) !== 404) throw explainRefusal(error, `the queue "${queue}"`);
        channel = undefined; // it went with the question
      }
    }
    await channel?.close();
  };
  await Promise.all(Array.from({ length: Math.min(CHANNELS, queues.length) }, ask));
  return counts;
}
