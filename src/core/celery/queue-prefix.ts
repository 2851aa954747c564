import { usageError } from '../errors/errors.js';
import { hasLineBreak, isReserved, type Names, type OwnQueue, ownQueue } from '../queues/names.js';

const MOST_BYTES = 255;

/**
 * `--queue-prefix`: what the name of every user's queue begins with, where an application has named them. The user
 * follows as it is, as an application writes it: `usersequence_` and `A` make `usersequence_A`.
 */
export function checkQueuePrefix(prefix: string, names: Names): string {
  if (prefix === '' || /[*?]/.test(prefix) || hasLineBreak(prefix)) {
    throw usageError('BAD_QUEUE_PREFIX', `--queue-prefix "${prefix}" cannot be the start of a name`, {
      hint: 'Write what comes before the user, on one line and without wildcards, such as usersequence_.',
    });
  }
  if (prefix.startsWith('amq.') || isReserved(names, prefix) || names.userQueuePrefix.startsWith(prefix)) {
    throw usageError('BAD_QUEUE_PREFIX', `queues named "${prefix}…" are not an application's`, {
      hint: 'Write what your application puts before the user, such as usersequence_.',
    });
  }
  return prefix;
}

/** The queue of a user, refused where its name would not fit into AMQP's 255 bytes. */
export function prefixedQueueOf(prefix: string, user: string): string {
  if (user === '' || !user.isWellFormed()) {
    throw usageError('BAD_USER', `${JSON.stringify(user)} cannot be a user`, {
      hint: 'A user is any non-empty UTF-8 text.',
    });
  }
  if (hasLineBreak(user)) {
    throw usageError(
      'BAD_USER',
      `${JSON.stringify(user)} has a line break, which RabbitMQ takes out of the names of queues`,
      { hint: "Where a user's name is part of a queue's, use names of one line." },
    );
  }
  const queue = prefix + user;
  const bytes = new TextEncoder().encode(queue).length;
  if (bytes > MOST_BYTES) {
    throw usageError(
      'USER_TOO_LONG',
      `the user ${JSON.stringify(`${user.slice(0, 24)}…`)} would need a queue name of ${bytes} bytes; AMQP allows ${MOST_BYTES}`,
      { hint: 'Use a shorter user or --queue-prefix.' },
    );
  }
  return queue;
}

/** Whose queue it is, a user's or a group's; undefined for one that is nobody's. */
export type OwnerOf = (queue: string) => Pick<OwnQueue, 'kind' | 'name'> | undefined;

/** By `--queue-prefix`, or for fairq's own queues without one. */
export function ownerOfBy(prefix: string | undefined, names: Names): OwnerOf {
  if (prefix === undefined) return (queue) => ownQueue(names, queue);
  checkQueuePrefix(prefix, names);
  return (queue) =>
    queue.startsWith(prefix) && queue !== prefix && !isReserved(names, queue)
      ? { kind: 'user', name: queue.slice(prefix.length) }
      : undefined;
}
