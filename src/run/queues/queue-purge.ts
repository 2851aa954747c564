import { setTimeout as delay } from 'node:timers/promises';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { ownQueue } from '../../core/queues/names.js';
import { refuseWhereTasksGoAstray } from './prune/astray.js';
import type { PruneDeps } from './prune/prune.js';
import { takePruneLock } from './prune/prune-lock.js';

/** From unbinding to looking: what was on its way into the queue arrives. */
const GRACE_MS = 500;

/** What there was when nothing came any more, and what was thrown away of it: all, or nothing where it was too much. */
export interface PurgeOutcome {
  readonly ready: number;
  readonly purged: number;
}

/**
 * Throws away what waits in a queue of fairq, and no more than so many tasks. Meanwhile it is unbound, and publishers
 * wait: otherwise a task that was just confirmed would go with the others.
 *
 * @param onBegun from here on the queue is unbound, or was
 * @returns undefined where the queue is not there
 * @throws FairqError `PRUNE_RUNNING` where somebody else unbinds queues
 */
export async function purgeAtMost(
  { connection, names, management }: PruneDeps,
  queue: string,
  most: number,
  onBegun: () => void,
): Promise<PurgeOutcome | undefined> {
  const key = ownQueue(names, queue)?.key;
  if (key === undefined) throw new Error(`"${queue}" is no queue of fairq`);
  const lock = await takePruneLock(connection, names);
  try {
    await refuseWhereTasksGoAstray(connection, names, management);
    const remover = new QueueRemover(connection, names, 1);
    if ((await remover.counts(queue)) === undefined) return undefined;
    onBegun();
    await remover.unbind(queue, key);
    try {
      await delay(GRACE_MS);
      const ready = (await remover.counts(queue))?.ready;
      if (ready === undefined) return undefined;
      return { ready, purged: ready > most ? 0 : await remover.purge(queue) };
    } finally {
      // Where this fails, publishers and the next prune find the queue unbound, and bind it.
      await remover.bind(queue, key).catch(() => {});
    }
  } finally {
    await lock.release();
  }
}
