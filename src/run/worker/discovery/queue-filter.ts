import { encodeText, hasLineBreak, type Names, ownQueue, spreadQueue } from '../../../core/queues/names.js';
import { isNeverWork } from '../../../core/queues/not-work.js';
import { type Glob, glob } from '../../../core/values/glob.js';

/** Which queues a worker serves, and whose they are. */
export interface QueueFilter {
  matches(queue: string): boolean;
  userOf(queue: string): string;
  /** Whether light users share this queue. */
  isSpread(queue: string): boolean;
  /** The name of the queue that a user has, or would have. */
  queueOf(user: string): string;
}

/**
 * By default every user queue under the prefix. `--queues` names others by a glob over queue names;
 * their user is what the glob's literal start leaves of the name. The queues of `--also` come beside
 * these, whatever is excluded; each stands for a user of its own name.
 */
export function queueFilter(
  names: Names,
  include: readonly string[],
  exclude: readonly string[],
  also: readonly string[] = [],
): QueueFilter {
  const fixed = new Set(also);
  const included: readonly Glob[] = include.map(glob);
  const excluded: readonly Glob[] = exclude.map(glob);
  const isSpread = (queue: string) => spreadQueue(names, queue) !== undefined;
  const isOurs = (queue: string) => ownQueue(names, queue) !== undefined || isSpread(queue);
  return {
    matches: (queue) => {
      if (fixed.has(queue)) return true;
      // Of a name with a line break RabbitMQ makes another one, and that is listed.
      if (isNeverWork(names, queue) || hasLineBreak(queue)) return false;
      const wanted =
        included.length === 0 ? isOurs(queue) : included.some((pattern) => pattern.matches(queue));
      return wanted && !excluded.some((pattern) => pattern.matches(queue));
    },
    isSpread,
    queueOf: (user) => names.userQueuePrefix + encodeText(user),
    userOf: (queue) => {
      const user = ownQueue(names, queue)?.name;
      if (user !== undefined) return user;
      if (fixed.has(queue)) return queue;
      const pattern = included.find((one) => one.matches(queue));
      const rest = pattern ? queue.slice(pattern.literalStart.length) : '';
      return rest === '' ? queue : rest;
    },
  };
}
