import { setTimeout as delay } from 'node:timers/promises';
import type { CeleryQueues } from '../../../broker/celery/celery-queues.js';
import { type CeleryCommand, queueToConsume } from '../../../core/celery/pidbox.js';

/** Tries to take up a queue that somebody deletes at the same time. */
const MOST_TRIES = 20;
const TRY_AGAIN_MS = 50;

export interface QueueTaker {
  /** Whether the queue is one of this worker's. */
  serves(queue: string): boolean;
  /** The queue was made, and is to be consumed; resolves with whether it is. */
  onQueue(queue: string): Promise<boolean>;
}

/** Nobody is answered: the command is for others. */
export const NOT_OURS = Symbol('not ours');

/**
 * Follows `add_consumer`. Celery's workers declare what they are told to consume, and whoever tells them relies on it: the
 * queue is made, taken up, and then that is answered.
 *
 * @throws where it cannot be done
 */
export async function addConsumer(
  named: CeleryCommand['arguments'],
  queues: Pick<CeleryQueues, 'make'>,
  taker: QueueTaker,
): Promise<unknown> {
  const wanted = queueToConsume(named);
  if (wanted === undefined || !taker.serves(wanted.queue)) return NOT_OURS;
  const { queue, binding } = wanted;
  await queues.make(queue, binding);
  for (let tries = 1; !(await taker.onQueue(queue)); tries++) {
    if (tries === MOST_TRIES) throw new Error(`the queue "${queue}" is not consumed`);
    await delay(TRY_AGAIN_MS);
    await queues.make(queue, binding); // somebody may have pruned it in between
  }
  return { ok: `add consumer ${queue}` };
}
