import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { StreamReader } from '../../broker/streams/stream-reader.js';
import { CRASH_REASON } from '../../core/crashes/crash-ledger.js';
import { decodeNote, WORKER_NOTE } from '../../core/crashes/worker-notes.js';
import { FairqError, messageOf } from '../../core/errors/errors.js';
import { groupDeadLetters } from '../../core/message/dead-letter-groups.js';
import type { Names } from '../../core/queues/names.js';
import { counted, type Finding, ok, some, unknown, warning } from '../../core/reports/finding.js';
import type { Clock } from '../../core/values/clock.js';
import { listDeadLetters } from '../dead/dead-letters.js';
import type { ManagementFacts } from './facts.js';

const CHECK = 'crashes';
/** Letters are looked at by taking them out and giving them back, which a doctor does with few of them. */
const MOST_LETTERS = 5_000;
const LIST = `fairq dead list --reason '${CRASH_REASON}'`;
const MEND =
  'Find out why before a redrive, which lets each of them end as many workers again; a program of its own (worker --exec) keeps the worker alive.';

const NONE = ok(CHECK, 'no dead letter is of a task that ended its workers');

export interface CrashDeps {
  readonly connect: () => Promise<Connection>;
  readonly management: Management;
  readonly names: Names;
  readonly clock: Clock;
}

/** Names the tasks that ended their workers. Dead letters are looked at only where workers say that there are such. */
export async function crashes(deps: CrashDeps, { queues }: ManagementFacts): Promise<Finding> {
  const { names } = deps;
  const letters = queues.find(({ name }) => name === names.deadLetterQueue)?.ready ?? 0;
  if (letters === 0 || !queues.some(({ name }) => name === names.startStream)) return NONE;
  try {
    const connection = await deps.connect();
    try {
      return await Promise.race([inspectLetters(connection, deps, letters), connection.lost]);
    } finally {
      await connection.close();
    }
  } catch (error) {
    const hint = error instanceof FairqError ? error.hint : undefined;
    return unknown(CHECK, messageOf(error), hint ?? `${LIST} may show them.`);
  }
}

async function inspectLetters(connection: Connection, deps: CrashDeps, letters: number): Promise<Finding> {
  const { names, management, clock } = deps;
  const guilty = await countGuilty(connection, names);
  if (guilty === 0) return NONE;
  if (letters > MOST_LETTERS) {
    return warning(
      CHECK,
      `${counted(guilty, 'task')} ended their workers in the last days; whether they are among the ${counted(letters, 'dead letter')} was not looked at`,
      `${LIST} shows them. ${MEND}`,
    );
  }
  const definition = (queue: string) => management.queueDefinition(queue);
  const list = await listDeadLetters({ connection, names, clock, definition }, { reason: CRASH_REASON });
  if (list.letters.length === 0) return NONE;
  const named = (by: 'user' | 'task') =>
    some(groupDeadLetters(list.letters, [by]).map(({ of }) => of[by] ?? ''));
  return warning(
    CHECK,
    `${counted(list.letters.length, 'dead letter')} of tasks that ended their workers: of ${named('user')}, named ${named('task')}`,
    `${LIST} shows them. ${MEND}`,
  );
}

/** Tasks that workers have given up, as far back as their notes are kept. */
async function countGuilty(connection: Connection, names: Names): Promise<number> {
  const guilty = new Set<string>();
  const reader = await StreamReader.open(connection, names.startStream, 'first', {
    onMessage: (type, body) => {
      const note = type === WORKER_NOTE ? decodeNote(body()) : undefined;
      if (note?.kind === 'guilty') for (const task of note.tasks) guilty.add(task);
    },
    onFailure: () => {}, // who waits is told
  });
  try {
    await reader.caughtUp();
  } finally {
    await reader.close();
  }
  return guilty.size;
}
