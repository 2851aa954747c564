import type { QueueOptions } from '../connection/channel.js';

/**
 * A queue says its type even where that is the usual one: otherwise the vhost's `default_queue_type` decides. To the
 * broker a classic queue that was made without the word is the same, and may be declared again (3.10, 4.0, 4.3).
 */
export const CLASSIC_QUEUE = { 'x-queue-type': 'classic' } as const;

/** A queue of one connection, which goes with it. */
export const EXCLUSIVE_QUEUE: QueueOptions = {
  exclusive: true,
  durable: false,
  autoDelete: true,
  arguments: CLASSIC_QUEUE,
};
