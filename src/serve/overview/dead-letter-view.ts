import { z } from 'zod';
import type { ListedDeadLetter } from '../../run/dead/dead-letters.js';
import { timeOf } from '../http/times.js';

const time = z.iso.datetime().nullable();

export const DEAD_LETTER = z
  .object({
    id: z.string(),
    task: z.string().describe('its name'),
    user: z.string().nullable(),
    run: z.string().nullable(),
    queue: z.string().nullable().describe('where it came from'),
    attempts: z.int().nullable(),
    reason: z.string().nullable(),
    firstStartAt: time,
    lastEndAt: time,
    bytes: z.int(),
  })
  .meta({ id: 'DeadLetter' });

export type DeadLetterView = z.output<typeof DEAD_LETTER>;

export function letterView(letter: ListedDeadLetter): DeadLetterView {
  const { id, type, user, run, queue, attempts, reason, firstStartAt, lastEndAt, bytes } = letter;
  return {
    id,
    task: type,
    user: user ?? null,
    run: run ?? null,
    queue: queue ?? null,
    attempts: attempts ?? null,
    reason: reason ?? null,
    firstStartAt: timeOf(firstStartAt),
    lastEndAt: timeOf(lastEndAt),
    bytes,
  };
}
