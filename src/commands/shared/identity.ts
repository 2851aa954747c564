import { randomBytes } from 'node:crypto';
import { taskIdGenerator } from '../../core/message/task-id.js';
import { runIdAt } from '../../core/values/run-id.js';
import type { Context } from './context.js';

/** Makes ids that no other process makes. */
export function idGenerator(context: Context): () => string {
  return taskIdGenerator(randomBytes(8), () => context.clock.epochMicros() / 1000);
}

/** An id for a run that nobody has named. */
export function newRunId(context: Context): string {
  return runIdAt(context.clock.epochMicros(), randomBytes(2).toString('hex'));
}
