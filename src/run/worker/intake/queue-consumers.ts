import type { Consumers } from '../../../broker/consuming/consumers.js';
import type { ServedQueue } from './served-queue.js';

/** What the intake asks of the consumers on the broker. */
export type QueueConsumers = Pick<
  Consumers<ServedQueue>,
  'subscribe' | 'resize' | 'unsubscribe' | 'consumes' | 'depth'
>;
