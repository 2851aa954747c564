import { ROLL_CALL_MS } from '../../broker/control/control.js';
import { onBroker } from '../../broker/on-broker.js';
import { ifAllowed } from '../../core/errors/errors.js';
import { renderShownQueue } from '../../render/queues/show-text.js';
import { explainQueue } from '../../run/explain/explain.js';
import { showQueue } from '../../run/queues/queue-details.js';
import type { CommandResult, Context } from '../shared/context.js';
import { explainDeps } from '../shared/explain-deps.js';
import { observationsOf } from './observations.js';
import { nameOfQueue, type OneQueue } from './one-queue.js';
import { whyNoQueue } from './why-no-queue.js';
export async function show(flags: OneQueue, context: Context): Promise<CommandResult> {
  const config = await context.config();
  const name = nameOfQueue(flags, config);
  const file = await observationsOf(context);
  return onBroker(config, 'fairq queues show', {}, async (broker) => {
    const { connection, management } = broker;
    // Both listen to the workers for as long.
    const deps = { ...explainDeps(broker, config, context), withinMs: ROLL_CALL_MS };
    const [queue, explanation] = await Promise.all([
      showQueue(connection, management, config.names, file, context.clock, name),
      ifAllowed(explainQueue(deps, name)),
    ]);
    if (queue === undefined) throw await whyNoQueue(connection, flags, config, name);
    const now = Math.floor(context.clock.epochMicros() / 1000);
    return {
      document: { schemaVersion: 1, kind: 'queue', ...queue, explanation: explanation ?? null },
      text: (style) => renderShownQueue(queue, now, style, explanation),
    };
  });
}
