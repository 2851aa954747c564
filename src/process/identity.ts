import { randomBytes } from 'node:crypto';
import { taskIdGenerator } from '../core/message/task-id.js';
import type { Clock } from '../core/values/clock.js';

interface WithClock {
  readonly clock: Clock;
}

/** Makes ids that no other process makes. */
export function idGenerator({ clock }: WithClock): () => string {
  return taskIdGenerator(randomBytes(8), () => clock.epochMicros() / 1000);
}

/** `2026-11-22T14-05-09-3f2a`: sorts by time, and two in the same second differ. */
export function newRunId({ clock }: WithClock): string {
  const time = new Date(clock.epochMicros() / 1000).toISOString().slice(0, 19).replaceAll(':', '-');
  return `${time}-${randomBytes(2).toString('hex')}`;
}
