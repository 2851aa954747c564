import type { Names } from '../../core/queues/names.js';
import type { Destination } from '../../run/publish/destination.js';
import { OwnDestination } from '../../run/publish/own-destination.js';
import { celeryDestination, refuseCeleryFlags } from '../celery/publish-to-celery.js';
import type { Context } from '../shared/context.js';
import type { PublishFlags } from './publish-command.js';

/**
 * Whose workers run the tasks: fairq's, or with `--celery` those of a Celery application.
 *
 * @param replyQueue where results are waited for; undefined: nowhere
 */
export function destinationFrom(
  flags: PublishFlags,
  names: Names,
  replyQueue: string | undefined,
  context: Context,
): Destination {
  if (flags.celery !== undefined) return celeryDestination(flags.celery, flags, names, replyQueue, context);
  refuseCeleryFlags(flags);
  const task = flags.task ?? (flags.duration === undefined ? 'noop' : 'sleep');
  return new OwnDestination(names, flags.queueType, task, flags.payload);
}
