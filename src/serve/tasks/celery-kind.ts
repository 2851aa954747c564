import { z } from 'zod';
import { celeryMessages } from '../../core/celery/encode-task.js';
import { memberText, WrittenJson } from '../../core/values/written-json.js';
import type { Places } from '../../run/publish/places.js';
import { momentOf, placeOf, refuseOtherUser, runAt, taskName, user } from './requested-task.js';
import type { TaskKind } from './task-kind.js';

/** A task of a Celery application. */
const CELERY_TASK = z
  .strictObject({
    task: taskName.describe('its name in the application, such as tasks.double'),
    args: z.array(z.unknown()).optional().describe('positional arguments'),
    kwargs: z.record(z.string(), z.unknown()).optional().describe('keyword arguments'),
    user,
    runAt,
  })
  .meta({ id: 'CeleryTask' });

type CeleryTask = z.infer<typeof CELERY_TASK>;

export interface CeleryKindOptions {
  /** What the names of users' queues begin with. */
  readonly prefix: string;
  readonly places: Places;
  /** Who sends them, as `pid@host`. */
  readonly origin: string;
  /** Where answers are sent. */
  readonly replyQueue: string;
  readonly prepare: (user: string) => Promise<void>;
}

/** Tasks that Celery's workers run. */
export function celeryKind({
  prefix,
  places,
  origin,
  replyQueue,
  prepare,
}: CeleryKindOptions): TaskKind<CeleryTask> {
  return {
    scope: `celery ${prefix}`,
    schema: CELERY_TASK,
    prepare,
    plan(id, whose, { task, args = [], kwargs = {}, user: named, runAt: at }, text, now) {
      refuseOtherUser(named, whose);
      const written = (member: string, standard: string) => {
        const found = memberText(text, member);
        return found === undefined ? standard : WrittenJson.of(found).text;
      };
      const call = { args, kwargs, argsJson: written('args', '[]'), kwargsJson: written('kwargs', '{}') };
      const messages = celeryMessages(task, call, origin, replyQueue);
      const eta = at === undefined ? {} : { eta: new Date(momentOf(at, now) / 1000).toISOString() };
      const { type, contentType, ...properties } = messages.properties(id);
      return {
        id,
        ...placeOf(places, task, whose),
        type: type ?? task,
        contentType: contentType ?? 'application/json',
        payload: Buffer.from(messages.body),
        headers: { ...messages.headers(id), ...eta },
        properties,
      };
    },
  };
}
