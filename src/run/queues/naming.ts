import { glob } from '../../core/values/glob.js';

/**
 * Which queues an operator means: those whose name or user the glob matches, and without one every user queue.
 * A queue that fairq did not make, which has no user, is meant only where the glob matches its name.
 */
export function namedBy(pattern: string | undefined): (name: string, user: string | undefined) => boolean {
  if (pattern === undefined) return (_, user) => user !== undefined;
  const { matches } = glob(pattern);
  return (name, user) => matches(name) || (user !== undefined && matches(user));
}
