import { type FileHandle, open } from 'node:fs/promises';
import type { OutgoingTask } from '../../broker/publishing/outgoing-task.js';
import { FairqError, messageOf, refusedError } from '../../core/errors/errors.js';
import { notWritten } from '../../core/errors/file-errors.js';
import type { Context } from '../shared/context.js';

/** Lines that wait to be written; then sending waits. */
const MOST_WAITING = 4_000;

/** Ids in one document. */
const MOST_LISTED = 100_000;

/** Where lines go. */
interface Sink {
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

/** `--ids FILE|-`: a JSON object a line for each task, when it is confirmed, or when it is known that it will not be. */
export class ConfirmedIds {
  #waiting: string[] = [];
  #written = 0;
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;

  private constructor(
    private readonly sink: Sink,
    private readonly what: string,
    private readonly onFailure: () => void,
  ) {}

  /** @param onFailure it cannot be written: `close` says why */
  static async open(target: string, context: Context, onFailure: () => void): Promise<ConfirmedIds> {
    if (target === '-') {
      const sink = { write: (text: string) => context.io.out(text), close: async () => {} };
      return new ConfirmedIds(sink, 'standard output', onFailure);
    }
    return new ConfirmedIds(fileSink(await opened(target)), target, onFailure);
  }

  /** @param reason why the broker has not taken it, where it has not */
  add({ id, line, type, envelope: { user, run } }: OutgoingTask, reason?: string): void {
    if (this.#failure !== undefined) return;
    const kind = reason === undefined ? 'confirmed' : 'not-taken';
    const fields = { schemaVersion: 1, kind, line, id, user, run, task: type, reason };
    this.#waiting.push(`${JSON.stringify(fields)}\n`);
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when more may be added; undefined: now. */
  room(): Promise<void> | undefined {
    return this.#waiting.length > MOST_WAITING ? this.#writing : undefined;
  }

  /** Resolves when all is written; rejects where it cannot be. */
  async close(): Promise<void> {
    await this.#writing;
    await this.sink.close();
    if (this.#failure === undefined) return;
    const what = this.#failure instanceof FairqError ? '' : `${this.what} cannot be written: `;
    throw refusedError('IDS_NOT_WRITTEN', `${what}${messageOf(this.#failure)}`, {
      hint: `It has ${this.#written} lines; what was sent and confirmed beyond these is on the broker all the same.`,
      cause: this.#failure,
    });
  }

  async #writeAll(): Promise<void> {
    // What is confirmed in one go is written in one go.
    await null;
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const lines = this.#waiting;
      this.#waiting = [];
      try {
        await this.sink.write(lines.join(''));
        this.#written += lines.length;
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(messageOf(error));
        this.onFailure();
      }
    }
    this.#writing = undefined;
  }
}

async function opened(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'w');
  } catch (error) {
    const hint = 'Name a file in a folder that is there, or - for standard output.';
    throw notWritten('FILE_NOT_MADE', `--ids ${file}`, error, hint);
  }
}

/** A file ends with a whole line, also where the disk is full. */
function fileSink(handle: FileHandle): Sink {
  let size = 0;
  return {
    write: async (text) => {
      try {
        await handle.appendFile(text);
        size += Buffer.byteLength(text);
      } catch (error) {
        await handle.truncate(size).catch(() => {}); // a pipe or a device has nothing to cut off
        throw error;
      }
    },
    close: () => handle.close(),
  };
}

/** The ids for `--json`, in the order in which they were confirmed. */
export class IdList {
  #ids: string[] | null = [];

  add(id: string): void {
    this.#ids?.push(id);
    if ((this.#ids?.length ?? 0) > MOST_LISTED) this.#ids = null;
  }

  /** Null where there are too many for one document. */
  get ids(): readonly string[] | null {
    return this.#ids;
  }
}
