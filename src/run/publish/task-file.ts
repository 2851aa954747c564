import { type FileHandle, open } from 'node:fs/promises';
import { FairqError, messageOf, usageError } from '../../core/errors/errors.js';
import { IdLines } from '../../core/load/id-lines.js';
import { BadLine, badLine, noTasks } from './bad-line.js';
import { linesOf } from './lines.js';
import type { PlannedTask } from './planned-task.js';
import { type LineOptions, parseTaskLine } from './task-line.js';

const CHUNK = 1 << 20;
/** Tasks that are handed on together. */
const BATCH = 2_048;
const OWN_IDS = 'Give each task an id of its own, or none.';

/** Where tasks are read from while they are sent. */
export interface TaskSource {
  /** For messages. */
  readonly name: string;
  /** Where all of it has been read and checked. */
  readonly total: number | undefined;
  /** The same of one user. */
  readonly tasksOf?: (user: string) => number;
  /** In the order of their lines; rejects with a BadLine, when what is before it was handed on. */
  batches(): AsyncGenerator<readonly PlannedTask[]>;
  close(): Promise<void>;
}

export interface TaskFileOptions extends LineOptions {
  /** Send while it is read, and do not read all of it first. */
  readonly stream: boolean;
}

/**
 * Opens `--from FILE|-`, one task a line. A file is read twice: it is checked before anything is sent, and then read
 * again, so that however long it is it need not be in memory. What can be read only once, which is standard input or a
 * pipe, is sent while it is read, and so is a file with `stream`.
 */
export async function openTaskFile(
  file: string,
  stdin: NodeJS.ReadableStream,
  options: TaskFileOptions,
): Promise<TaskSource> {
  if (file === '-') {
    const name = 'standard input';
    return { name, total: undefined, batches: () => tasksIn(bytesOf(stdin, name), options), close: noop };
  }
  const handle = await opened(file);
  try {
    const isPlain = (await handle.stat()).isFile();
    const found = options.stream || !isPlain ? undefined : await checked(handle, file, options);
    return {
      name: file,
      total: found?.total,
      ...(found && { tasksOf: (user) => found.byUser.get(user) ?? 0 }),
      batches: () => tasksIn(read(handle, file, isPlain), options),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function noop(): Promise<void> {}

/** How many tasks it has, and of whom; throws where one is not well. */
async function checked(
  handle: FileHandle,
  file: string,
  options: LineOptions,
): Promise<{ readonly total: number; readonly byUser: ReadonlyMap<string, number> }> {
  const ids = new IdLines();
  const byUser = new Map<string, number>();
  let count = 0;
  try {
    for await (const tasks of tasksIn(read(handle, file, true), options)) {
      for (const { id, line = 0, envelope, user } of tasks) {
        count++;
        byUser.set(user, (byUser.get(user) ?? 0) + 1);
        // A task that was sent twice may have been saved twice.
        if (id === undefined || envelope !== undefined) continue;
        for (const before of ids.add(id, line)) {
          if ((await idIn(handle, file, before, options)) === id)
            throw new BadLine(line, `the id is that of line ${before}`, { hint: OWN_IDS });
        }
      }
    }
  } catch (error) {
    throw error instanceof BadLine ? badLine(file, error, 'nothing was sent') : error;
  }
  if (count === 0) throw noTasks(file);
  return { total: count, byUser };
}

async function idIn(
  handle: FileHandle,
  file: string,
  line: number,
  options: LineOptions,
): Promise<string | undefined> {
  for await (const tasks of tasksIn(read(handle, file, true), options)) {
    const found = tasks.find((task) => task.line === line);
    if (found !== undefined) return found.id;
  }
  return undefined;
}

async function* tasksIn(
  bytes: AsyncIterable<Buffer>,
  options: LineOptions,
): AsyncGenerator<readonly PlannedTask[]> {
  let batch: PlannedTask[] = [];
  for await (const { first, texts } of linesOf(bytes)) {
    for (const [index, text] of texts.entries()) {
      if (text.trim() === '') continue;
      const line = first + index;
      let task: PlannedTask;
      try {
        task = { ...parseTaskLine(text, options), line };
      } catch (error) {
        // Those before it are to be sent before anybody hears of it.
        if (batch.length > 0) yield batch;
        const hint = error instanceof FairqError ? error.hint : undefined;
        throw new BadLine(line, messageOf(error), { ...(hint !== undefined && { hint }), cause: error });
      }
      batch.push(task);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    batch = [];
  }
}

async function opened(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (error) {
    throw notRead(file, error);
  }
}

/** @param isPlain it can be read from its beginning, and more than once */
function read(handle: FileHandle, file: string, isPlain: boolean): AsyncGenerator<Buffer> {
  const from = isPlain ? { start: 0 } : {};
  return bytesOf(handle.createReadStream({ ...from, autoClose: false, highWaterMark: CHUNK }), file);
}

async function* bytesOf(stream: NodeJS.ReadableStream, name: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  } catch (error) {
    throw notRead(name, error);
  }
}

function notRead(file: string, error: unknown): FairqError {
  return usageError('FILE_NOT_READ', `${file} cannot be read: ${messageOf(error)}`, {
    hint: 'Name a file of tasks after --from, or - for standard input.',
    cause: error,
  });
}
