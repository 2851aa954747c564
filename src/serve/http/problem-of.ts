import { KeysUnavailable, Unauthenticated } from '../auth/identity.js';
import { Problem } from './problem.js';

/** What is said of an error. @param onUnexpected is told of one that nobody had thought of */
export function problemOf(error: unknown, onUnexpected: (error: unknown) => void): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof KeysUnavailable) {
    const { retryAfterSeconds } = error;
    return new Problem(503, 'keys-unavailable', 'Nobody can be recognised now', error.reason, {
      retryAfterSeconds,
    });
  }
  if (error instanceof Unauthenticated) {
    return new Problem(401, 'unauthenticated', 'Nobody knows who asks', error.reason, {
      headers: { 'www-authenticate': error.scheme ?? 'Bearer' },
    });
  }
  onUnexpected(error);
  return new Problem(500, 'unexpected', 'Something unexpected happened', 'The log of the server has more.');
}
