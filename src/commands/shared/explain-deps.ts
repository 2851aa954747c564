import { openConnection } from '../../broker/connection/connection.js';
import type { OnBroker } from '../../broker/on-broker.js';
import type { Config } from '../../config/config.js';
import { idGenerator } from '../../process/identity.js';
import type { ExplainDeps } from '../../run/explain/explain-deps.js';
import type { Context } from './context.js';

/** What an explanation needs, where nobody is told of workers that are waited for. */
export function explainDeps(
  { connection, management }: OnBroker,
  { address, names }: Config,
  context: Context,
): ExplainDeps {
  return {
    connection,
    management,
    names,
    clock: context.clock,
    newId: idGenerator(context),
    connectToAsk: (onBlocked) => openConnection(address, 'fairq explain, asking', { onBlocked }),
    onWaiting: () => {},
  };
}
