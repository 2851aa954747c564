import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../broker/connection/connection.js';
import { type StreamOffset, StreamReader } from '../../broker/streams/stream-reader.js';
import { deferred } from '../../core/values/deferred.js';

/** Messages that are read in one go, and for how long; milliseconds. A message has up to some hundred completions. */
const PART = 5_000;
const PART_MS = 500;
/** It rests so many times as long as it has read: a third of a core is the most that it takes. */
const REST = 2;
/** A stream that sends nothing for so long has nothing so late. */
const EMPTY_AFTER_MS = 2_000;

export interface PastReaderDeps {
  /** For as long as it reads. */
  readonly connect: () => Promise<Connection>;
  readonly stream: string;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  readonly onMessage: (type: string, body: () => string) => void;
  /** It ends here: later messages are told by somebody else. */
  readonly end: () => number;
  readonly signal: AbortSignal;
}

interface Read {
  /** Of the first message and the last. */
  first?: number;
  last?: number;
  isEnd: boolean;
}

/** Reads what a stream had some time ago, a part at a time and at little cost. It goes on where it was when it failed. */
export class PastReader {
  #next: number | undefined;
  /** Nothing older is in the stream than what was read first. */
  #fromFirst = false;

  constructor(private readonly deps: PastReaderDeps) {}

  /**
   * Resolves when all has been read. Rejects where the broker is away; the next call goes on.
   *
   * @param fromMs by the broker's clock; milliseconds since the epoch
   * @returns whether the stream has anything older than what was read
   */
  async read(fromMs: number): Promise<{ readonly hasOlder: boolean }> {
    const connection = await this.deps.connect();
    try {
      if (this.#next === undefined) {
        const oldest = await this.#part(connection, 'first', 0);
        const begin = await this.#part(connection, { timestamp: fromMs }, PART);
        this.#fromFirst = oldest.first === undefined || oldest.first === begin.first;
        this.#next = begin.isEnd ? this.deps.end() : begin.last! + 1;
      }
      while (this.#next < this.deps.end()) {
        const begun = this.deps.now();
        const { last, isEnd } = await this.#part(connection, { offset: this.#next }, PART);
        this.#next = isEnd ? this.deps.end() : last! + 1;
        await delay(REST * (this.deps.now() - begun), undefined, { signal: this.deps.signal });
      }
      return { hasOlder: !this.#fromFirst };
    } finally {
      await connection.close();
    }
  }

  /** @param most messages; none of them is told where it is 0, and the first is looked at alone */
  async #part(connection: Connection, from: StreamOffset, most: number): Promise<Read> {
    const { stream, now, onMessage, end, signal } = this.deps;
    const done = deferred<void>();
    const read: Read = { isEnd: false };
    let isDone = false;
    let count = 0;
    let begun: number | undefined;
    const finish = (isEnd: boolean) => {
      isDone = true;
      read.isEnd = isEnd;
      done.resolve();
    };
    const least = typeof from === 'object' && 'offset' in from ? from.offset : 0;
    const onAbort = () => done.reject(signal.reason);
    const reader = await StreamReader.open(connection, stream, from, {
      onMessage: (type, body, offset) => {
        if (isDone || offset < least) return; // a stream is read from the beginning of a chunk
        read.first ??= offset;
        begun ??= now();
        if (offset >= end()) return finish(true);
        if (most > 0) onMessage(type, body);
        read.last = offset;
        if (offset === end() - 1) finish(true);
        else if (++count >= most || now() - begun >= PART_MS) finish(false);
      },
      onFailure: (error) => done.reject(error),
    });
    try {
      signal.throwIfAborted();
      signal.addEventListener('abort', onAbort);
      // What stands between an offset and the end is there, and comes.
      if (least === 0) reader.caughtUp(EMPTY_AFTER_MS).then(() => isDone || finish(true), done.reject);
      await done.promise;
      return read;
    } finally {
      isDone = true;
      signal.removeEventListener('abort', onAbort);
      await reader.close();
    }
  }
}
