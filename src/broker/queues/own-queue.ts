import type { Channel } from '../connection/channel.js';
import { explainRefusal } from '../connection/refusal.js';
import { EXCLUSIVE_QUEUE } from './queue-arguments.js';

/**
 * A queue to hear something on, which goes with its channel's connection. The broker names it.
 *
 * @throws FairqError (refused) where this user may not have one
 */
export async function ownQueueToListen(channel: Channel): Promise<string> {
  try {
    const { queue } = await channel.assertQueue('', EXCLUSIVE_QUEUE);
    return queue;
  } catch (error) {
    throw explainRefusal(error, 'a queue of its own to listen on', 'names that start with "amq.gen-", too');
  }
}
