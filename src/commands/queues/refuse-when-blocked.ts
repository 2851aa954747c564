import type { Config } from '../../config.js';
import { refusedError } from '../../errors.js';

/**
 * A queue is deleted only when the workers have left it, and to ask them is to publish. A broker under an alarm takes
 * nothing, so nothing is begun then.
 */
export async function refuseWhenBlocked({ address, names }: Config, name: string): Promise<void> {
  const { openConnection } = await import('../../broker/connection.js');
  const { tryToPublish } = await import('../../broker/publish-trial.js');
  const verdict = await tryToPublish(
    (listener) => openConnection(address, name, listener),
    names.controlExchange,
  );
  if (verdict.is !== 'blocked') return;
  throw refusedError(
    'BROKER_BLOCKED',
    `the broker is blocked (${verdict.reason}): the workers cannot be asked to leave a queue; nothing was changed`,
    {
      hint: '"fairq doctor" says which alarm it is, and "fairq queues list" and "--dry-run" work meanwhile.',
    },
  );
}
