import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import { renderShownQueue } from '../../render/queues/show-text.js';
import { showQueue } from '../../run/queues/queue-details.js';
import type { CommandResult, Context } from '../shared/context.js';
import { observationsOf } from './observations.js';
import { nameOfQueue, noSuchQueue, type OneQueue } from './one-queue.js';
export async function show(flags: OneQueue, context: Context): Promise<CommandResult> {
  const config = await context.config();
  const name = nameOfQueue(flags, config);
  const file = await observationsOf(context);
  const management = new Management(config.address);
  const connection = await openConnection(config.address, 'fairq queues show');
  try {
    const queue = await showQueue(connection, management, config.names, file, context.clock, name);
    if (queue === undefined) throw noSuchQueue(flags, name);
    const now = Math.floor(context.clock.epochMicros() / 1000);
    return {
      document: { schemaVersion: 1, kind: 'queue', ...queue },
      text: (style) => renderShownQueue(queue, now, style),
    };
  } finally {
    await connection.close();
    await management.close();
  }
}
