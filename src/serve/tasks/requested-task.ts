import { z } from 'zod';
import { FairqError } from '../../core/errors/errors.js';
import { republishableText } from '../../core/message/republishable.js';
import { BadQueueName } from '../../core/queues/fixed-queue.js';
import { memberText, WrittenJson } from '../../core/values/written-json.js';
import type { DispatchedTask } from '../../run/publish/dispatch/dispatcher.js';
import type { Places } from '../../run/publish/places.js';
import { Problem } from '../http/problem.js';

const MOST_AHEAD_MICROS = 366 * 24 * 3_600 * 1e6;

/** What somebody wants to be done. */
export const REQUESTED_TASK = z
  .strictObject({
    task: z.string().min(1).describe('its name, by which a worker finds the handler'),
    payload: z.unknown().optional().describe('any JSON; it arrives as it was written'),
    queue: z.string().optional().describe('a queue that belongs to no user, instead of your own'),
    user: z.string().optional().describe('yourself; anybody else is refused'),
    runAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('it does not start before this moment; RFC 3339'),
  })
  .meta({ id: 'RequestedTask' });

export type RequestedTask = z.infer<typeof REQUESTED_TASK>;

/**
 * The task as it is sent.
 *
 * @param user who asks
 * @param now  microseconds since the epoch
 * @param text the JSON that it was read from: the payload goes on as it was written
 * @throws Problem 400, 403
 */
export function plannedTask(
  id: string,
  user: string,
  requested: RequestedTask,
  text: string,
  places: Places,
  now: number,
): DispatchedTask {
  const { task, queue, user: named, runAt } = requested;
  if (named !== undefined && named !== user) {
    throw new Problem(
      403,
      'foreign-user',
      'A task is sent for whoever asks',
      'The body names another user. Leave "user" out.',
    );
  }
  if (republishableText(task) === undefined || !task.isWellFormed()) {
    throw new Problem(400, 'bad-task-name', "A task's name has 1 to 255 bytes, and is valid Unicode");
  }
  const payload = memberText(text, 'payload');
  return {
    id,
    ...placeOf(places, task, user, queue),
    type: task,
    ...(runAt !== undefined && { dueAt: momentOf(runAt, now) }),
    contentType: 'application/json',
    payload: Buffer.from(payload === undefined ? '' : WrittenJson.of(payload).text),
  };
}

/** @throws Problem 400 */
function momentOf(runAt: string, now: number): number {
  const at = Date.parse(runAt) * 1000;
  if (at - now <= MOST_AHEAD_MICROS) return at;
  throw new Problem(400, 'too-far-ahead', 'A task can wait for a year at most', `runAt says ${runAt}.`);
}

function placeOf(places: Places, task: string, user: string, queue: string | undefined) {
  try {
    return places.of(task, user, queue);
  } catch (error) {
    if (!(error instanceof FairqError || error instanceof BadQueueName)) throw error;
    const hint = error instanceof FairqError && error.hint !== undefined ? ` ${error.hint}` : '';
    throw new Problem(400, 'bad-queue', 'No task can go there', `${error.message}.${hint}`, { cause: error });
  }
}
