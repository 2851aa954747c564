import { randomBytes } from 'node:crypto';
import { taskIdGenerator } from '../../core/message/task-id.js';
import type { Context } from './context.js';

/** Makes ids that no other process makes. */
export function idGenerator(context: Context): () => string {
  return taskIdGenerator(randomBytes(8), () => context.clock.epochMicros() / 1000);
}

/** `2026-11-22T14-05-09-3f2a`: sorts by time, and two in the same second differ. */
export function newRunId(context: Context): string {
  const time = new Date(context.clock.epochMicros() / 1000).toISOString().slice(0, 19).replaceAll(':', '-');
  return `${time}-${randomBytes(2).toString('hex')}`;
}
