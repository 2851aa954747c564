import { userInfo } from 'node:os';
import type { Context } from './context.js';

/** Whoever runs fairq, where nobody says who that is. */
export function ownName({ io }: Pick<Context, 'io'>): string {
  try {
    return `${userInfo().username}@${io.hostname}`;
  } catch {
    return io.hostname; // a user without a name, as in some containers
  }
}
