import { ConnectionClosed } from '../../broker/connection/connection.js';
import { FairqError } from '../../core/errors/errors.js';
import { Problem } from './problem.js';

/** When it is worth to ask again; seconds. */
const SOON = 2;
const LATER = 5;

const BUSY = new Set(['PRUNE_RUNNING', 'DEAD_LETTERS_IN_USE', 'POLICY_LOCKED']);
/** Nothing is done where a task could be lost by it. */
const NOT_SAFE = new Set(['ALTERNATE_EXCHANGE', 'SENT_PAST_EXCHANGE', 'LOOKS_ARE_COUNTED']);

/** What an error of the broker, or of its management API, means to whoever asked; any other error stays as it is. */
export function brokerProblem(error: unknown): unknown {
  if (error instanceof ConnectionClosed) {
    return unavailable('The connection to the broker has been closed.', error);
  }
  if (!(error instanceof FairqError)) return error;
  const { code, message, hint } = error;
  const detail = `${message}.${hint === undefined ? '' : ` ${hint}`}`;
  if (BUSY.has(code)) {
    return new Problem(409, 'busy', 'Somebody else is at work on the same', detail, {
      retryAfterSeconds: SOON,
      cause: error,
    });
  }
  if (NOT_SAFE.has(code)) {
    return new Problem(409, 'not-safe', 'A task could be lost by this, so it is not done', detail, {
      cause: error,
    });
  }
  if (code === 'BROKER_BLOCKED') {
    return new Problem(503, 'broker-alarm', 'The broker is under an alarm', detail, {
      retryAfterSeconds: LATER,
      cause: error,
    });
  }
  return unavailable(detail, error);
}

export function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem(503, 'broker-unavailable', 'The broker does not say', detail, {
    retryAfterSeconds: LATER,
    ...(cause !== undefined && { cause }),
  });
}
