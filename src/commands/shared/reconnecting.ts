import type { ConnectionOptions } from '../../broker/connection/connection.js';
import type { Config } from '../../config/config.js';
import type { Context } from './context.js';

/** A worker is to outlive its broker's bad days; whoever waits for an answer is to get one. */
export const FOREVER = Number.POSITIVE_INFINITY;
const FIVE_MINUTES = 5 * 60_000;

/**
 * What a command does about a lost connection: says so once, and once when it is back. It says as well that the
 * broker is under an alarm, and when that is over.
 *
 * @param usually for how long it is tried where nobody says, milliseconds
 * @param resumption what happens then, as the end of a sentence
 */
export function reconnecting(
  context: Context,
  config: Config,
  { resumption, usually = FIVE_MINUTES }: { readonly resumption: string; readonly usually?: number },
): ConnectionOptions {
  return {
    onBlocked: (reason) =>
      context.warn(`the broker is blocked (${reason}): it takes nothing from anybody until that is over`),
    onUnblocked: () => context.say('the broker is no longer blocked'),
    // A broker that was never there may be the wrong one: it is waited for where that was asked for.
    firstForMs: config.reconnectForMs ?? 0,
    onUnreachable: (reason) => context.warn(`${reason}; trying again (--reconnect-for)`),
    reconnectForMs: config.reconnectForMs ?? usually,
    onDisconnected: (reason) =>
      context.warn(`the connection to the broker was lost (${reason}); trying again`),
    onReconnected: () => context.say(`connected again: ${resumption}`),
  };
}
