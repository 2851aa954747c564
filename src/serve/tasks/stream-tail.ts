import type { Connection } from '../../broker/connection/connection.js';
import { type StreamOffset, StreamReader } from '../../broker/streams/stream-reader.js';
import {
  COMPLETIONS,
  decodeCompletions,
  decodePublishedIds,
  decodeRunRecord,
  PUBLISHED_IDS,
  RUN_RECORD,
} from '../../core/events/event-codec.js';
import { decodeSentNote, SENT, type SentNote } from '../../core/events/sent-notes.js';
import type { PublishedIds, RunRecord, TaskEvent } from '../../core/events/task-event.js';
import { RESULTS, readResultLine, type TaskResult } from '../../core/events/task-result.js';
import type { Names } from '../../core/queues/names.js';

/** Is told what is written to the streams, in their order. Offsets are those of the message, the same for every reader. */
export interface TailListener {
  onAnnounced?(ids: PublishedIds, offset: number): void;
  onCompletions?(events: readonly TaskEvent[], offset: number): void;
  /** A publisher that goes on says what it has sent. */
  onSent?(note: SentNote, offset: number): void;
  /** A publisher has ended. */
  onRunRecord?(record: RunRecord, offset: number): void;
  onResults?(results: readonly TaskResult[]): void;
}

export interface TailDeps {
  readonly connection: Connection;
  readonly names: Names;
  /** Makes the streams where they are missing. */
  readonly makeStreams: () => Promise<void>;
  readonly onFailure: (error: Error) => void;
}

/** A stream that is taken for empty and is not is read from its start after a lost connection, and nothing is missed. */
const EMPTY_AFTER_MS = 250;

/** The one reader of the streams of events and results, for everybody who asks this server. */
export class StreamTail {
  readonly #listeners = new Set<TailListener>();
  #events: StreamReader | undefined;
  #results: StreamReader | undefined;

  private constructor(private readonly deps: TailDeps) {}

  /**
   * Resolves when it knows where it is: from then on nothing is missed.
   *
   * @param listeners are told of what is read before, too
   */
  static async open(
    deps: TailDeps,
    from: StreamOffset,
    listeners: readonly TailListener[],
  ): Promise<StreamTail> {
    const tail = new StreamTail(deps);
    for (const listener of listeners) tail.listen(listener);
    await deps.makeStreams();
    const { eventStream, resultStream } = deps.names;
    [tail.#events, tail.#results] = await Promise.all([
      tail.#read(eventStream, from, (type, body, offset) => tail.#heardEvents(type, body, offset)),
      tail.#read(resultStream, from, (type, body) => tail.#heardResults(type, body)),
    ]);
    await Promise.all([tail.#events.caughtUp(EMPTY_AFTER_MS), tail.#results.caughtUp(EMPTY_AFTER_MS)]);
    return tail;
  }

  /** Of the last message of the stream of events that everybody has been told; undefined where it has none. */
  get offset(): number | undefined {
    return this.#events?.offset;
  }

  /** @returns ends it */
  listen(listener: TailListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when all that was written before this call has been heard. Results are written before their completions. */
  async caughtUp(): Promise<void> {
    await this.#events?.caughtUp(EMPTY_AFTER_MS);
    await this.#results?.caughtUp(EMPTY_AFTER_MS);
  }

  async close(): Promise<void> {
    await Promise.all([this.#events?.close(), this.#results?.close()]);
  }

  #read(
    stream: string,
    from: StreamOffset,
    onMessage: (type: string, body: () => string, offset: number) => void,
  ): Promise<StreamReader> {
    const { connection, makeStreams, onFailure } = this.deps;
    return StreamReader.open(connection, stream, from, { onMessage, makeAgain: makeStreams, onFailure });
  }

  #heardEvents(type: string, body: () => string, offset: number): void {
    if (type === COMPLETIONS) {
      const events = decodeCompletions(body()) ?? [];
      for (const listener of this.#listeners) listener.onCompletions?.(events, offset);
    } else if (type === PUBLISHED_IDS) {
      const ids = decodePublishedIds(body());
      if (ids === undefined) return;
      for (const listener of this.#listeners) listener.onAnnounced?.(ids, offset);
    } else if (type === SENT) {
      const note = decodeSentNote(body());
      if (note === undefined) return;
      for (const listener of this.#listeners) listener.onSent?.(note, offset);
    } else if (type === RUN_RECORD) {
      const record = decodeRunRecord(body());
      if (record === undefined) return;
      for (const listener of this.#listeners) listener.onRunRecord?.(record, offset);
    }
  }

  #heardResults(type: string, body: () => string): void {
    if (type !== RESULTS) return;
    const results = body()
      .split('\n')
      .flatMap((line) => readResultLine(line) ?? []);
    for (const listener of this.#listeners) listener.onResults?.(results);
  }
}
