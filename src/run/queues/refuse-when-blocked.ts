import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerAddress } from '../../broker/connection/address.js';
import { type Connection, openConnection } from '../../broker/connection/connection.js';
import { tryToPublish } from '../../broker/publishing/publish-trial.js';
import { refusedError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';

/** An alarm may be over in a moment. */
const BLOCKED_AT_MOST_MS = 5_000;
const LOOK_EVERY_MS = 100;

/**
 * A queue is deleted only when the workers have left it, and to ask them is to publish. A broker under an alarm takes
 * nothing, so nothing is begun then.
 */
export async function refuseWhenBlocked(
  { address, names }: { readonly address: BrokerAddress; readonly names: Names },
  name: string,
): Promise<void> {
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

/**
 * The same where the alarm comes meanwhile. The broker reads nothing more of a connection that has published, so what was
 * begun would wait for the end of the alarm.
 *
 * @throws FairqError (refused)
 */
export async function orRefuseWhenBlocked<T>(connection: Connection, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([work, blockedForLong(connection, over.signal)]);
  } finally {
    over.abort();
  }
}

async function blockedForLong(connection: Connection, over: AbortSignal): Promise<never> {
  let since: number | undefined;
  while (!over.aborted) {
    since = connection.blocked ? (since ?? performance.now()) : undefined;
    if (since !== undefined && performance.now() - since > BLOCKED_AT_MOST_MS) {
      throw refusedError(
        'BROKER_BLOCKED',
        'the broker has come under an alarm and does not answer: nothing more is begun',
        {
          hint: 'What was unbound is bound again by workers and publishers, or by the next "fairq queues prune". "fairq doctor" says which alarm it is.',
        },
      );
    }
    await delay(LOOK_EVERY_MS);
  }
  return new Promise(() => {}); // the work has ended first
}
