import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, replyCode } from '../../broker/connection/connection.js';
import { explainRefusal } from '../../broker/connection/refusal.js';
import { idleSlots, ROLL_CALL_MS, type WorkerPresence } from '../../broker/control/control.js';
import { rollCall } from '../../broker/control/roll-call.js';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { tailEvents } from '../../broker/streams/event-stream.js';
import type { StreamReader } from '../../broker/streams/stream-reader.js';
import { ifAllowed } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import type { ServingWorker } from '../../core/reports/queue-report.js';
import { queueFilter } from '../worker/discovery/queue-filter.js';

/** What the queue itself and the workers say, as of now. */
export interface QueueNow {
  readonly ready: number;
  readonly consumers: number;
  /** Those that were heard and serve it; undefined where this user may not listen. */
  readonly workers: readonly ServingWorker[] | undefined;
  /** Attempts of each user that fairq's workers ended meanwhile; undefined where that cannot be read. */
  readonly endedPerSecond: ReadonlyMap<string, number> | undefined;
}

/** Undefined where the queue is not there. */
export async function queueNow(
  connection: Connection,
  names: Names,
  queue: string,
): Promise<QueueNow | undefined> {
  const counting = new QueueRemover(connection, names, 1);
  const before = await counting.counts(queue);
  if (before === undefined) return undefined;
  const serves = ({ include, exclude, also }: WorkerPresence) =>
    queueFilter(names, include, exclude, also).matches(queue);
  const [heard, endedPerSecond] = await Promise.all([
    ifAllowed(rollCall(connection, names)),
    ifAllowed(endedMeanwhile(connection, names)),
  ]);
  const counts = await counting.counts(queue);
  if (counts === undefined) return undefined;
  const workers = heard
    ?.filter(serves)
    .map((presence) => ({ name: presence.name, slots: presence.slots, idle: idleSlots(presence) }));
  return { ...counts, workers, endedPerSecond };
}

/** The management API's own rates are 0 now and then while tasks flow, and seconds old. */
async function endedMeanwhile(connection: Connection, names: Names): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  let reader: StreamReader | undefined;
  try {
    reader = await tailEvents(connection, names, {
      onCompletions: (events) => {
        for (const { user } of events) counts.set(user, (counts.get(user) ?? 0) + 1);
      },
      onFailure: () => {}, // fewer are read, and the connection's own failure ends the command
    });
  } catch (error) {
    if (replyCode(error) !== 404) throw explainRefusal(error, `the stream "${names.eventStream}"`);
    return counts; // nothing has run here
  }
  await delay(ROLL_CALL_MS);
  await reader.close();
  for (const [user, count] of counts) counts.set(user, (count * 1_000) / ROLL_CALL_MS);
  return counts;
}
