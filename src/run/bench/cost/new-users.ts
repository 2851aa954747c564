import type { Connection } from '../../../broker/connection/connection.js';
import { Publisher } from '../../../broker/publishing/publisher.js';
import type { QueueType } from '../../../broker/queues/topology.js';
import { tailEvents } from '../../../broker/streams/event-stream.js';
import type { Names } from '../../../core/queues/names.js';
import { deferred } from '../../../core/values/deferred.js';
import type { TrialDeps } from '../trial.js';

const NEW_USERS = 9;

/**
 * Sends a task for a user that nobody has heard of, again and again, and waits until it has started.
 *
 * @returns the median, milliseconds
 */
export async function firstTasksOfNewUsers(
  { clock, newId }: Pick<TrialDeps, 'clock' | 'newId'>,
  connection: Connection,
  names: Names,
  type: QueueType,
): Promise<number> {
  const started = new Map<string, (at: number) => void>();
  const failed = deferred<never>();
  const tail = await tailEvents(connection, names, {
    onCompletions: (events) => {
      for (const { id, started: at } of events) started.get(id)?.(at);
    },
    onFailure: failed.reject,
  });
  const queueKind = { type, ordered: false };
  const publisher = await Publisher.open(connection, names, { queueKind, onConfirmed: () => {} }, clock.now);
  const waits: number[] = [];
  for (let i = 1; i <= NEW_USERS; i++) {
    const id = newId();
    const sentAt = clock.epochMicros();
    const begun = new Promise<number>((resolve) => started.set(id, resolve));
    const envelope = {
      user: `new-${i}`,
      run: 'new users',
      sequence: 1,
      intendedAt: sentAt,
      sentAt,
      attempt: 1,
    };
    publisher.send({ id, type: 'noop', contentType: '', payload: Buffer.alloc(0), envelope });
    waits.push(((await Promise.race([begun, failed.promise])) - sentAt) / 1000);
  }
  await publisher.settled();
  await tail.close();
  return waits.sort((a, b) => a - b)[NEW_USERS >> 1] ?? 0;
}
