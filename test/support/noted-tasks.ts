import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A module of handlers that write down, in the file that NOTES names, when a task begins and ends. */
export const NOTED_TASKS = fileURLToPath(new URL('./noted-tasks.mjs', import.meta.url));

interface Note {
  /** `b`: a task begins; `e`: it ends; `x`: its process is about to be killed, with all that runs there. */
  readonly what: string;
  readonly process: string;
  readonly user: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly id: string | undefined;
}

/** In the order in which they were written, which is that in which they happened. */
export function notesIn(log: string): Note[] {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [what = '', process = '', user, at, id] = line.split(' ');
    return { what, process, user, at: Number(at), id };
  });
}

export function linesSoFar(log: string): number {
  return notesIn(log).length;
}

/** @param user a name, `acme/` for all users of that tenant, or undefined for all */
export function startsIn(log: string, user?: string): number {
  return notesIn(log).filter((note) => note.what === 'b' && isOf(note, user)).length;
}

/**
 * The most tasks that ran at once, of one user, of the users of a tenant (`acme/`), or of all.
 *
 * @param from the first line that counts; what ran before it goes on
 */
export function mostAtOnce(log: string, from = 0, user?: string): number {
  const running = new Map<string, number>();
  let now = 0;
  let most = 0;
  for (const [i, note] of notesIn(log).entries()) {
    if (note.what !== 'x' && !isOf(note, user)) continue;
    const own = running.get(note.process) ?? 0;
    const next = note.what === 'b' ? own + 1 : note.what === 'e' ? Math.max(0, own - 1) : 0;
    running.set(note.process, next);
    now += next - own;
    if (i >= from) most = Math.max(most, now);
  }
  return most;
}

/** The most starts of a user, or of all of a tenant, in any window of so many milliseconds. */
export function mostStartsWithin(log: string, windowMs: number, user?: string): number {
  const starts = notesIn(log).filter((note) => note.what === 'b' && isOf(note, user));
  const times = starts.map(({ at }) => at).sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

export function isOf(note: Pick<Note, 'user'>, user: string | undefined): boolean {
  if (user?.endsWith('/')) return note.user?.startsWith(user) === true;
  return user === undefined || note.user === user;
}
