import { z } from 'zod';
import { FairqError } from '../../core/errors/errors.js';
import { republishableText } from '../../core/message/republishable.js';
import { BadQueueName } from '../../core/queues/fixed-queue.js';
import { memberText, WrittenJson } from '../../core/values/written-json.js';
import type { Place, Places } from '../../run/publish/places.js';
import { Problem } from '../http/problem.js';
import type { TaskKind } from './task-kind.js';

const MOST_AHEAD_MICROS = 366 * 24 * 3_600 * 1e6;

export const taskName = z
  .string()
  .refine((name) => name !== '' && republishableText(name) !== undefined && name.isWellFormed(), {
    error: "a task's name has 1 to 255 bytes, and is valid Unicode",
  });
export const user = z.string().optional().describe('yourself; anybody else is refused');
export const runAt = z.iso
  .datetime({ offset: true })
  .optional()
  .describe('it does not start before this moment; RFC 3339');

/** What somebody wants to be done. */
export const REQUESTED_TASK = z
  .strictObject({
    task: taskName.describe('its name, by which a worker finds the handler'),
    payload: z.unknown().optional().describe('any JSON; it arrives as it was written'),
    queue: z.string().optional().describe('a queue that belongs to no user, instead of your own'),
    user,
    runAt,
  })
  .meta({ id: 'RequestedTask' });

export type RequestedTask = z.infer<typeof REQUESTED_TASK>;

/**
 * Tasks that fairq's workers run.
 *
 * @param queues that belong to no user, and may be named
 */
export function ownKind(places: Places, queues: ReadonlySet<string>): TaskKind<RequestedTask> {
  return {
    scope: 'fairq',
    schema: REQUESTED_TASK,
    prepare: async () => {},
    plan(id, whose, { task, queue, user: named, runAt: at }, text, now) {
      refuseOtherUser(named, whose);
      const payload = memberText(text, 'payload');
      return {
        id,
        ...allowed(placeOf(places, task, whose, queue), queues),
        type: task,
        ...(at !== undefined && { dueAt: momentOf(at, now) }),
        contentType: 'application/json',
        payload: Buffer.from(payload === undefined ? '' : WrittenJson.of(payload).text),
      };
    },
  };
}

/** @throws Problem 403 */
function allowed(place: Place, queues: ReadonlySet<string>): Place {
  if (place.queue === undefined || queues.has(place.queue)) return place;
  const detail = `It is ${JSON.stringify(place.queue)}. The server's --allow-queue names those that may be.`;
  throw new Problem(403, 'foreign-queue', 'No task may be sent to this queue', detail);
}

/** @throws Problem 403 */
export function refuseOtherUser(named: string | undefined, whose: string): void {
  if (named === undefined || named === whose) return;
  throw new Problem(
    403,
    'foreign-user',
    'A task is sent for whoever asks',
    'The body names another user. Leave "user" out.',
  );
}

/** @returns microseconds since the epoch @throws Problem 400 */
export function momentOf(runAt: string, now: number): number {
  const at = Date.parse(runAt) * 1000;
  if (at - now <= MOST_AHEAD_MICROS) return at;
  throw new Problem(400, 'too-far-ahead', 'A task can wait for a year at most', `runAt says ${runAt}.`);
}

/** @throws Problem 400 */
export function placeOf(places: Places, task: string, whose: string, queue?: string): Place {
  try {
    return places.of(task, whose, queue);
  } catch (error) {
    if (!(error instanceof FairqError || error instanceof BadQueueName)) throw error;
    const hint = error instanceof FairqError && error.hint !== undefined ? ` ${error.hint}` : '';
    throw new Problem(400, 'bad-queue', 'No task can go there', `${error.message}.${hint}`, { cause: error });
  }
}
