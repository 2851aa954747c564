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
  /** A glob over the names of tasks. */
  readonly task?: string | undefined;
  /** These and no others, each by the whole of its id. */
  readonly ids?: ReadonlySet<string> | undefined;
}

/** @param letter `type`: the name of its task */
export type DeadLetterFilter = (id: string, letter: DeadLetter & { readonly type?: string }) => boolean;

export function deadLetterFilter(selection: DeadLetterSelection): DeadLetterFilter {
  const { id, user, run, reason, task, ids } = selection;
  const users = user === undefined ? undefined : glob(user);
  const runs = run === undefined ? undefined : glob(run);
  const tasks = task === undefined ? undefined : glob(task);
  const part = reason?.toLowerCase();
  return (ofLetter, letter) =>
    (id === undefined || ofLetter.startsWith(id)) &&
    (ids === undefined || ids.has(ofLetter)) &&
    (tasks === undefined || tasks.matches(letter.type ?? '')) &&
    (users === undefined || (letter.user !== undefined && users.matches(letter.user))) &&
    (runs === undefined || (letter.run !== undefined && runs.matches(letter.run))) &&
    (part === undefined || (letter.reason ?? '').toLowerCase().includes(part));
}
