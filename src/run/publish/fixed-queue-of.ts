import { type FairqError, usageError } from '../../core/errors/errors.js';
import { BadQueueName, checkFixedQueue, type NameTaken } from '../../core/queues/fixed-queue.js';
import type { Names } from '../../core/queues/names.js';

/**
 * A queue that somebody names, and that belongs to no user: what the name of a task says before its first colon,
 * `publish --queue` and `worker --also`.
 *
 * @param where what to name in an error: the flag, or what else has named the queue
 * @returns the same name
 * @throws FairqError where no such queue can have that name
 */
export function fixedQueueOf(names: Names, queue: string, where: string): string {
  try {
    checkFixedQueue(names, queue);
    return queue;
  } catch (error) {
    throw error instanceof BadQueueName ? badQueue(where, error) : error;
  }
}

function badQueue(where: string, { message, why }: BadQueueName): FairqError {
  return usageError('BAD_QUEUE', `${where}: ${message}`, { hint: whatToDo(why) });
}

function whatToDo(why: NameTaken): string {
  if ('instead' in why) return why.instead;
  if ('prefix' in why) return `Use one that does not begin with "${why.prefix}.", or another --prefix.`;
  const { kind, name } = why.owner;
  const flag = kind === 'group' ? '--group-by' : `--user ${JSON.stringify(name)}`;
  return `Send to it with ${flag}; a worker serves it without being told.`;
}
