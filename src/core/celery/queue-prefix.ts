import { usageError } from '../errors/errors.js';
import { hasLineBreak, isReserved, type Names, type OwnQueue, ownQueue } from '../queues/names.js';

const MOST_BYTES = 255;

/**
 * A queue prefix is what the name of every user's queue begins with, where an application has named the queues. The
 * user follows as it is, as an application writes it: `usersequence_` and `A` make `usersequence_A`.
 *
 * @returns what is wrong with the prefix: it cannot be the start of a name, or other queues begin so too; undefined
 *   where nothing is
 */
export function faultOfQueuePrefix(prefix: string, names: Names): 'no name' | 'taken' | undefined {
  if (prefix === '' || /[*?]/.test(prefix) || hasLineBreak(prefix)) return 'no name';
  const isTaken =
    prefix.startsWith('amq.') || isReserved(names, prefix) || names.userQueuePrefix.startsWith(prefix);
  return isTaken ? 'taken' : undefined;
}

/** A user's queue would have a name that does not fit into AMQP's 255 bytes. */
export class QueueNameTooLong extends Error {
  override readonly name = 'QueueNameTooLong';
}

/**
 * The queue of a user.
 *
 * @throws QueueNameTooLong, and FairqError where there can be no such user
 */
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
    throw new QueueNameTooLong(
      `the user ${JSON.stringify(`${user.slice(0, 24)}…`)} would need a queue name of ${bytes} bytes; AMQP allows ${MOST_BYTES}`,
    );
  }
  return queue;
}

/** Whose queue it is, a user's or a group's; undefined for one that is nobody's. */
export type OwnerOf = (queue: string) => Pick<OwnQueue, 'kind' | 'name'> | undefined;

/** @param prefix what the names of the users' queues begin with; undefined for fairq's own queues */
export function ownerOfBy(prefix: string | undefined, names: Names): OwnerOf {
  if (prefix === undefined) return (queue) => ownQueue(names, queue);
  return (queue) =>
    queue.startsWith(prefix) && queue !== prefix && !isReserved(names, queue)
      ? { kind: 'user', name: queue.slice(prefix.length) }
      : undefined;
}
