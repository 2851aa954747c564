import type { Connection } from '../../broker/connection/connection.js';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { ifAllowed } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';

/** Queues that are asked themselves, and channels for that. */
const MOST_ASKED = 100;
const CHANNELS = 8;

export interface SeenQueue {
  readonly name: string;
  readonly ready: number;
}

/**
 * A listing may be seconds old. Where tasks wait by it and nothing of them moves, the queue itself is asked: they
 * may have been run since.
 *
 * @param moves whether tasks of it end, or are delivered, now
 * @returns the same queues, those with what is ready now
 */
export async function withReadyNow<Q extends SeenQueue>(
  connection: Connection,
  names: Names,
  queues: readonly Q[],
  moves: (queue: Q) => boolean,
): Promise<Q[]> {
  const suspects = queues.filter((queue) => queue.ready > 0 && !moves(queue)).slice(0, MOST_ASKED);
  const asking = new QueueRemover(connection, names, CHANNELS);
  const ready = new Map(
    await Promise.all(
      suspects.map(async ({ name, ready }): Promise<[string, number]> => {
        const counts = await ifAllowed(asking.counts(name).then((found) => found ?? { ready: 0 }));
        return [name, counts?.ready ?? ready];
      }),
    ),
  );
  return queues.map((queue) => ({ ...queue, ready: ready.get(queue.name) ?? queue.ready }));
}
