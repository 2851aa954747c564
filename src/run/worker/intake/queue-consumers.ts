import type { Consumers } from '../../../broker/consuming/consumers.js';
import type { ConsumedQueue } from './consumed-queue.js';

/** What the intake asks of the consumers on the broker. */
export type QueueConsumers = Pick<
  Consumers<ConsumedQueue>,
  'subscribe' | 'resize' | 'unsubscribe' | 'consumes' | 'depth'
>;
