import { usageError } from '../errors/errors.js';
import { parseCount } from '../values/quantities.js';

/** How tasks reach the workers of a simulation. */
export type SimulatedStrategy =
  | { readonly text: string; readonly kind: 'fifo' | 'arrival' | 'user' }
  | { readonly text: string; readonly kind: 'ideal' }
  | { readonly text: string; readonly kind: 'hash' | 'shared'; readonly queues: number };

export const STRATEGY_WORDS = 'fifo, arrival, user, hash:N, shared:N, ideal';

/** More shared queues than that are no less than a queue each. */
const MOST_QUEUES = 100_000;

/**
 * - `fifo`: one queue for all
 * - `arrival`: a queue for each user, worked off in the order of arrival
 * - `user`: a queue for each user, in turns
 * - `hash:N`: N queues by a hash of the user, in turns
 * - `shared:N`: N queues, and one for each user that becomes heavy
 * - `ideal`: all slots are split evenly among the users that have tasks, at every moment
 */
export function parseSimulatedStrategy(source: string, what: string): SimulatedStrategy {
  const text = source.trim();
  const [name, count, ...more] = text.split(':');
  if (more.length === 0) {
    if (count === undefined) {
      if (name === 'fifo' || name === 'arrival' || name === 'user') return { text, kind: name };
      if (name === 'ideal') return { text, kind: name };
    } else if (name === 'hash' || name === 'shared') {
      return { text, kind: name, queues: parseCount(count, `${what} ${name}`, 1, MOST_QUEUES) };
    }
  }
  throw usageError('NO_SUCH_STRATEGY', `${what}: there is no strategy "${text}"`, {
    hint: `Name some of ${STRATEGY_WORDS}, with commas between.`,
  });
}
