import { randomBytes } from 'node:crypto';
import { taskIdGenerator } from '../core/message/task-id.js';
import type { Clock } from '../core/values/clock.js';
import { runIdAt } from '../core/values/run-id.js';

/** Makes ids that no other process makes. */
export function newIds(clock: Clock): () => string {
  return taskIdGenerator(randomBytes(8), () => clock.epochMicros() / 1000);
}

/** An id for the run of a publisher that is given none. */
export function newRun(clock: Clock): string {
  return runIdAt(clock.epochMicros(), randomBytes(2).toString('hex'));
}
