import { createReadStream } from 'node:fs';
import { messageOf, usageError } from '../../core/errors/errors.js';
import { type ArrivalLine, ArrivalTable, parseArrivalLine } from '../../core/simulation/arrival-line.js';
import { LAST_DUE_MS, MOST_DAYS } from '../../core/simulation/bounds.js';
import { LoadColumns } from '../../core/simulation/load-columns.js';
import type { SimulatedLoad } from '../../core/simulation/simulated-load.js';
import { BadLine } from '../publish/bad-line.js';
import { linesOf } from '../publish/lines.js';

const A_LINE =
  'Write {"user": "A", "dueMs": 120, "durationMs": 5} on each line, or CSV with the headings user,dueMs,durationMs.';

export interface ArrivalsOptions {
  /** Of tasks that do not say theirs. */
  durationOf(): number;
  /** A file with more tasks, or users, is refused. */
  readonly mostTasks: number;
  readonly mostUsers: number;
}

/**
 * The tasks of a file (`-`: of standard input), one a line: JSON objects as `fairq publish --from` takes them, or CSV.
 *
 * @throws FairqError (usage) with the number of the line that is wrong
 */
export async function readArrivals(
  file: string,
  stdin: NodeJS.ReadableStream,
  options: ArrivalsOptions,
): Promise<SimulatedLoad> {
  const name = file === '-' ? 'standard input' : file;
  const source = file === '-' ? stdin : createReadStream(file, { highWaterMark: 1 << 20 });
  const arrivals = new Arrivals(name, options);
  try {
    for await (const { first, texts } of linesOf(bytesOf(source, name)))
      for (const [i, text] of texts.entries()) arrivals.add(text, first + i);
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    throw usageError('BAD_LINE', `${name}, line ${error.line}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
  return arrivals.load();
}

class Arrivals {
  readonly #columns = new LoadColumns();
  #table: ArrivalTable | undefined;
  #isBegun = false;
  /** Whether tasks say when they were sent, in the place of when they are due; undefined before the first. */
  #saysSent: boolean | undefined;

  constructor(
    private readonly name: string,
    private readonly options: ArrivalsOptions,
  ) {}

  add(text: string, line: number): void {
    if (text.trim() === '') return;
    try {
      if (!this.#isBegun) {
        this.#isBegun = true;
        if (!text.trimStart().startsWith('{')) {
          this.#table = new ArrivalTable(text);
          return;
        }
      }
      this.#take(this.#table === undefined ? parseArrivalLine(text) : this.#table.parse(text));
    } catch (error) {
      throw new BadLine(line, messageOf(error), { hint: A_LINE, cause: error });
    }
  }

  load(): SimulatedLoad {
    if (this.#columns.size === 0) {
      throw usageError('NO_TASKS', `${this.name} holds no task`, { hint: A_LINE });
    }
    const load = this.#columns.load(this.#saysSent === true);
    if (load.dueMs.at(-1)! <= LAST_DUE_MS) return load;
    throw usageError(
      'TOO_LONG_A_LOAD',
      `${this.name}: from its first task to its last are more than ${MOST_DAYS} days`,
      {
        hint: 'Look for a task with another envelope.sentAt than the others: it counts microseconds from 1970.',
      },
    );
  }

  #take({ user, dueMs, sentMs, durationMs }: ArrivalLine): void {
    const saysSent = dueMs === undefined && sentMs !== undefined;
    this.#saysSent ??= saysSent;
    if (saysSent !== this.#saysSent)
      throw new Error('some tasks say when they were sent, and others do not: give each a dueMs');
    this.#columns.add(user, dueMs ?? sentMs ?? 0, durationMs ?? this.options.durationOf());
    const { mostTasks, mostUsers } = this.options;
    if (this.#columns.size > mostTasks) throw new Error(`there are more than ${mostTasks} tasks`);
    if (this.#columns.users > mostUsers) throw new Error(`there are more than ${mostUsers} users`);
  }
}

async function* bytesOf(stream: NodeJS.ReadableStream, name: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  } catch (error) {
    throw usageError('FILE_NOT_READ', `${name} cannot be read: ${messageOf(error)}`, {
      hint: 'Name a file of tasks after --from, or - for standard input.',
      cause: error,
    });
  }
}
