import {
  faultOfQueuePrefix,
  type OwnerOf,
  ownerOfBy,
  prefixedQueueOf,
  QueueNameTooLong,
} from '../../core/celery/queue-prefix.js';
import { usageError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';

/** `--queue-prefix`, as it is. */
export function checkedQueuePrefix(prefix: string, names: Names): string {
  switch (faultOfQueuePrefix(prefix, names)) {
    case 'no name':
      throw usageError('BAD_QUEUE_PREFIX', `--queue-prefix "${prefix}" cannot be the start of a name`, {
        hint: 'Write what comes before the user, on one line and without wildcards, such as usersequence_.',
      });
    case 'taken':
      throw usageError('BAD_QUEUE_PREFIX', `queues named "${prefix}…" are not an application's`, {
        hint: 'Write what your application puts before the user, such as usersequence_.',
      });
    case undefined:
      return prefix;
  }
}

/** Whose queues are meant: by `--queue-prefix` those of an application, or fairq's own without one. */
export function ownersBy(prefix: string | undefined, names: Names): OwnerOf {
  return ownerOfBy(prefix === undefined ? undefined : checkedQueuePrefix(prefix, names), names);
}

/** The queue of a user under a `--queue-prefix` that has been checked. */
export function queueUnder(prefix: string, user: string): string {
  try {
    return prefixedQueueOf(prefix, user);
  } catch (error) {
    if (!(error instanceof QueueNameTooLong)) throw error;
    throw usageError('USER_TOO_LONG', error.message, { hint: 'Use a shorter user or --queue-prefix.' });
  }
}
