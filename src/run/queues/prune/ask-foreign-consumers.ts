import { setTimeout as delay } from 'node:timers/promises';
import type { QueueRemover } from '../../../broker/queues/queue-remover.js';
import type { Clock } from '../../../core/values/clock.js';
import type { ForeignConsumers } from './foreign-consumers.js';
import { settled } from './settled.js';

/** A foreign consumer that has said that it leaves has left within this time: Celery's main loop takes up to a second. */
const LEAVE_WITHIN_MS = 3_000;
/**
 * What foreign consumers were told before that, and do later, is done within this time. A Celery worker that cancels a consumer and takes it up
 * again in one turn of its loop must not meet the delete in between: it ends where what it declares is gone when it binds.
 */
const SETTLE_MS = 1_500;
const CHECK_AGAIN_MS = 50;

/**
 * Asks the foreign consumers to leave. One that stays is still counted as a consumer when fairq's own workers are
 * asked.
 *
 * @param consumers how many each queue has; changed to how many it has then
 */
export async function askForeignConsumers(
  foreign: ForeignConsumers,
  remover: Pick<QueueRemover, 'counts'>,
  clock: Clock,
  consumers: Map<string, number>,
): Promise<void> {
  const left = await foreign.leave([...consumers.keys()]);
  const wanted = new Map([...consumers].map(([name, count]) => [name, count - (left.get(name) ?? 0)]));
  const until = clock.now() + LEAVE_WITHIN_MS;
  for (const [name, count] of wanted) {
    for (;;) {
      const found = await remover.counts(name);
      consumers.set(name, found?.consumers ?? 0);
      if ((found?.consumers ?? 0) <= count || clock.now() > until) break;
      await delay(CHECK_AGAIN_MS);
    }
  }
  if (left.size === 0) return;
  await delay(SETTLE_MS);
  await settled(
    [...consumers.keys()].map(async (name) => {
      consumers.set(name, (await remover.counts(name))?.consumers ?? 0);
    }),
  );
}
