import { glob } from '../values/glob.js';
import type { DeadLetter } from './dead-letter.js';

/** Which dead letters are meant; a letter has to fit everything that is given. */
export interface DeadLetterSelection {
  /** The whole of it, or its start. */
  readonly id?: string | undefined;
  /** Globs. */
  readonly user?: string | undefined;
  readonly run?: string | undefined;
  /** A part of the reason, in capitals or not. */
  readonly reason?: string | undefined;
}

export type DeadLetterFilter = (id: string, letter: DeadLetter) => boolean;

export function deadLetterFilter({ id, user, run, reason }: DeadLetterSelection): DeadLetterFilter {
  const users = user === undefined ? undefined : glob(user);
  const runs = run === undefined ? undefined : glob(run);
  const part = reason?.toLowerCase();
  return (ofLetter, letter) =>
    (id === undefined || ofLetter.startsWith(id)) &&
    (users === undefined || (letter.user !== undefined && users.matches(letter.user))) &&
    (runs === undefined || (letter.run !== undefined && runs.matches(letter.run))) &&
    (part === undefined || (letter.reason ?? '').toLowerCase().includes(part));
}
