import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../../broker/connection/connection.js';
import { type Lock, takeLock } from '../../../broker/queues/lock.js';
import { refusedError } from '../../../core/errors/errors.js';
import type { Names } from '../../../core/queues/names.js';
import type { Clock } from '../../../core/values/clock.js';

/** A pruner whose connection was lost waits so long for its lock: its own old one may still be there. */
const LOCK_WITHIN_MS = 90_000;
const LOCK_AGAIN_MS = 200;

/** For who unbinds and deletes queues: only one may at a time. Throws `PRUNE_RUNNING` where somebody else does. */
export async function takePruneLock(connection: Connection, names: Names): Promise<Lock> {
  const lock = await takeLock(connection, names.pruneLock);
  if (lock !== undefined) return lock;
  throw refusedError('PRUNE_RUNNING', 'another "queues prune" is at work on this vhost', {
    hint: "Let it end and try again; two at a time would get into each other's way.",
  });
}

/**
 * Takes the lock again after the connection was lost, and the lock with it.
 *
 * @throws FairqError `PRUNE_RUNNING` where somebody else has taken it meanwhile
 */
export async function takePruneLockAgain(connection: Connection, names: Names, clock: Clock): Promise<Lock> {
  const from = clock.now();
  for (;;) {
    const lock = await takeLock(connection, names.pruneLock);
    if (lock !== undefined) return lock;
    if (clock.now() - from > LOCK_WITHIN_MS) {
      throw refusedError('PRUNE_RUNNING', 'another "queues prune" took over while the connection was lost', {
        hint: 'It binds again what was left unbound here. Run the command again when it has ended.',
      });
    }
    await delay(LOCK_AGAIN_MS);
  }
}
