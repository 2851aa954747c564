import { onBroker } from '../../broker/on-broker.js';
import { renderShownQueue } from '../../render/queues/show-text.js';
import { showQueue } from '../../run/queues/queue-details.js';
import type { CommandResult, Context } from '../shared/context.js';
import { observationsOf } from './observations.js';
import { nameOfQueue, noSuchQueue, type OneQueue } from './one-queue.js';
export async function show(flags: OneQueue, context: Context): Promise<CommandResult> {
  const config = await context.config();
  const name = nameOfQueue(flags, config);
  const file = await observationsOf(context);
  return onBroker(config, 'fairq queues show', {}, async ({ connection, management }) => {
    const queue = await showQueue(connection, management, config.names, file, context.clock, name);
    if (queue === undefined) throw noSuchQueue(flags, name);
    const now = Math.floor(context.clock.epochMicros() / 1000);
    return {
      document: { schemaVersion: 1, kind: 'queue', ...queue },
      text: (style) => renderShownQueue(queue, now, style),
    };
  });
}
