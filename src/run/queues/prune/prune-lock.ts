import type { Connection } from '../../../broker/connection/connection.js';
import { type Lock, takeLock } from '../../../broker/queues/lock.js';
import { refusedError } from '../../../core/errors/errors.js';
import type { Names } from '../../../core/queues/names.js';

/** For who unbinds and deletes queues: only one may at a time. Throws `PRUNE_RUNNING` where somebody else does. */
export async function takePruneLock(connection: Connection, names: Names): Promise<Lock> {
  const lock = await takeLock(connection, names.pruneLock);
  if (lock !== undefined) return lock;
  throw refusedError('PRUNE_RUNNING', 'another "queues prune" is at work on this vhost', {
    hint: "Let it end and try again; two at a time would get into each other's way.",
  });
}
