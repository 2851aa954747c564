import {
  closeSync,
  createReadStream,
  existsSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createGunzip, gzipSync } from 'node:zlib';
import type { EventReader } from '../../broker/streams/event-stream.js';
import { type FairqError, messageOf, usageError } from '../../core/errors/errors.js';
import { notWritten } from '../../core/errors/file-errors.js';
import {
  beginningLine,
  completionLine,
  EVENT_FILE_VERSION,
  type EventFileHead,
  type EventLine,
  givenUpLine,
  headLine,
  outstandingLine,
  publishedLine,
  readEventLine,
} from '../../core/events/event-line.js';
import type { GivenUpAttempt } from '../../core/events/given-up.js';
import type { RunRecord, TaskEvent } from '../../core/events/task-event.js';
import type { Whereabouts } from '../../core/events/whereabouts.js';

const CHUNK = 1 << 20;
/** Completions that are handed on together. */
const BATCH = 4_096;

/**
 * Writes a saved run, compressed where the name ends in `.gz`. It has its name only when it is whole, so
 * that no half of one is taken for a run. Writes while it is called: a replay may be faster than a disk, and
 * what would wait in memory are all of its events.
 */
export class EventFileWriter implements EventReader {
  /** Undefined where it is done with. */
  #handle: number | undefined;
  #text = '';

  private constructor(
    readonly path: string,
    private readonly half: string,
    private readonly head: EventFileHead,
  ) {
    this.#handle = this.#open();
  }

  /** Never over a file that is there. */
  static create(path: string, head: Omit<EventFileHead, 'version'>): EventFileWriter {
    try {
      if (existsSync(path)) throw new Error('it is there already');
      return new EventFileWriter(path, `${path}.part`, { version: EVENT_FILE_VERSION, ...head });
    } catch (error) {
      throw notMade(path, error);
    }
  }

  onBeginning(at: number): void {
    this.#line(beginningLine(at));
  }

  onCompletions(events: readonly TaskEvent[]): void {
    for (const event of events) this.#line(completionLine(event));
  }

  onRunRecord(record: RunRecord): void {
    this.#line(publishedLine(record));
  }

  onGivenUp(attempts: readonly GivenUpAttempt[]): void {
    for (const attempt of attempts) this.#line(givenUpLine(attempt));
  }

  /** Where tasks are that have not completed. */
  outstanding(users: ReadonlyMap<string, Whereabouts>): void {
    this.#line(outstandingLine(users));
  }

  /** What has been written counts for nothing: the events come over again. */
  startOver(): void {
    this.#close();
    this.#handle = this.#open();
  }

  finish(): void {
    this.#flush();
    this.#close();
    try {
      this.#name();
    } catch (error) {
      throw notMade(this.path, error);
    } finally {
      rmSync(this.half, { force: true });
    }
  }

  /** A link, unlike a renaming, never takes the place of another file; not every file system has them. */
  #name(): void {
    try {
      linkSync(this.half, this.path);
    } catch (error) {
      if (existsSync(this.path)) throw error;
      renameSync(this.half, this.path);
    }
  }

  /** Leaves nothing behind of one that is not finished. */
  discard(): void {
    if (this.#handle === undefined) return;
    this.#close();
    rmSync(this.half, { force: true });
  }

  #close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  #open(): number {
    this.#text = `${headLine(this.head)}\n`;
    return openSync(this.half, 'w', 0o600);
  }

  #line(text: string): void {
    this.#text += `${text}\n`;
    if (this.#text.length >= CHUNK) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text, 'utf8');
    this.#text = '';
    if (this.#handle === undefined) return; // it was interrupted, and what still comes is for nobody
    // Compressed pieces one after the other are a compressed file, too.
    const out = this.path.endsWith('.gz') ? gzipSync(bytes) : bytes;
    try {
      for (let at = 0; at < out.length; ) at += writeSync(this.#handle, out, at);
    } catch (error) {
      throw notMade(this.path, error);
    }
  }
}

function notMade(path: string, error: unknown): FairqError {
  const hint = 'Name a file that is not there yet, in a folder that is.';
  return notWritten('FILE_NOT_MADE', `--save ${path}`, error, hint);
}

/** Reads a saved run. Throws with the line where it is none. */
export async function readEventFile(path: string, reader: EventReader): Promise<void> {
  let number = 0;
  let batch: TaskEvent[] = [];
  const handOn = () => {
    if (batch.length === 0) return;
    reader.onCompletions(batch);
    batch = [];
  };
  const read = (line: string) => {
    number++;
    if (line === '') return;
    const found = readEventLine(line);
    if (number === 1) checkedHead(found, path);
    if (found === undefined) throw notSaved(path, number, 'this is no event');
    if (found.kind === 'completion') {
      batch.push(found.event);
      if (batch.length === BATCH) handOn();
      return;
    }
    handOn();
    if (found.kind === 'published') reader.onRunRecord(found.record);
    else if (found.kind === 'given-up') reader.onGivenUp?.([found.attempt]);
    else if (found.kind === 'beginning') reader.onBeginning?.(found.at);
    else if (found.kind === 'outstanding') reader.onOutstanding?.(found.users);
    else checkedHead(found, path); // files that were put together
  };
  for await (const lines of linesOf(path)) lines.forEach(read);
  handOn();
}

/** What the file is, without the rest of it. */
export async function readEventFileHead(path: string): Promise<EventFileHead> {
  for await (const [first = ''] of linesOf(path)) return checkedHead(readEventLine(first), path);
  throw notSaved(path, 1, 'the file is empty');
}

function checkedHead(line: EventLine | undefined, path: string): EventFileHead {
  if (line?.kind !== 'head') throw notSaved(path, 1, 'this is no saved run');
  const { version } = line.head;
  if (version === EVENT_FILE_VERSION) return line.head;
  throw notSaved(path, 1, `it is of version ${version}, and this fairq reads version ${EVENT_FILE_VERSION}`);
}

function notSaved(path: string, line: number, what: string): FairqError {
  return usageError('BAD_EVENT_FILE', `${path}, line ${line}: ${what}`, {
    hint: 'Give a file that "fairq report --save FILE" has written.',
  });
}

/** Many at a time: one by one, as node:readline has them, a million take seconds. */
async function* linesOf(path: string): AsyncGenerator<readonly string[]> {
  const file = createReadStream(path, { highWaterMark: CHUNK });
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => bytes.destroy(error));
  // Bytes that are no UTF-8 would be replaced without a word: two users would become one.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const chunk of bytes) {
      const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield lines;
    }
    rest += decoder.decode();
  } catch (error) {
    throw usageError('FILE_NOT_READ', `${path} cannot be read: ${messageOf(error)}`, {
      hint: 'Give a file that "fairq report --save FILE" has written.',
      cause: error,
    });
  }
  if (rest !== '') yield [rest];
}
