import type { Connection } from '../../broker/connection/connection.js';
import { FairqError, messageOf, usageError } from '../../core/errors/errors.js';
import { STEPS_MS } from '../../core/message/postponed.js';
import { CELERY_FORMAT } from '../../run/celery/worker/celery-format.js';
import type { CeleryFront } from '../../run/celery/worker/celery-front.js';
import { celeryBuiltIns, findByCeleryName } from '../../run/celery/worker/celery-handlers.js';
import type { Worker } from '../../run/worker/worker.js';
import type { Context } from '../shared/context.js';

/** The flags that say which queues of the application are served. */
interface WhichQueues {
  readonly queues?: readonly string[];
  readonly queuePrefix?: string;
}

/** What a worker of Celery's messages does otherwise. */
export async function celeryOf({ queues, queuePrefix }: WhichQueues) {
  if (queues === undefined && queuePrefix === undefined) {
    throw usageError('CELERY_WHICH', '--celery: which queues?', {
      hint: 'Name those of your application: --queue-prefix usersequence_, or --queues with a glob.',
    });
  }
  return {
    format: CELERY_FORMAT,
    naming: { find: findByCeleryName, builtIns: celeryBuiltIns },
    stepsMs: STEPS_MS,
  };
}

/** Has the worker hear commands, and tell of its tasks from the beginning where that is asked for. */
export async function showToCelery(
  front: CeleryFront,
  connection: Connection,
  worker: Worker,
  { taskEvents }: { readonly taskEvents?: boolean },
  context: Context,
): Promise<void> {
  const onFailure = (error: unknown) =>
    context.warn(`new queues are found when they are looked for, and not at once: ${messageOf(error)}`);
  const shown = {
    serves: (queue: string) => worker.serves(queue),
    onQueue: (queue: string) => worker.takeUp(queue),
    inside: () => worker.inside(),
  };
  if (taskEvents) await front.tellOfTasks();
  try {
    await front.hear(connection, shown, { onFailure, onWarning: (text) => context.warn(text) });
  } catch (error) {
    // To hear is a help and no need; whatever else is wrong the worker meets itself.
    if (!(error instanceof FairqError && error.kind === 'refused')) throw error;
    onFailure(error);
  }
}
