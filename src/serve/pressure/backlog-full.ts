import { Problem } from '../http/problem.js';

/** When it is worth to ask again, where nobody knows how fast a user's tasks end; seconds. */
export const UNKNOWN_SECONDS = 10;

/** Too many tasks of a user wait. */
export function backlogFull(detail: string, retryAfterSeconds: number, cause?: unknown): Problem {
  return new Problem(429, 'backlog-full', 'Too many tasks of this user wait', detail, {
    retryAfterSeconds,
    ...(cause !== undefined && { cause }),
  });
}
