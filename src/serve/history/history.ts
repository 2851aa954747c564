import type { Connection } from '../../broker/connection/connection.js';
import {
  BEGINNING,
  COMPLETIONS,
  decodeBeginning,
  decodeCompletions,
  decodeRunRecord,
  RUN_RECORD,
} from '../../core/events/event-codec.js';
import { decodeSentNote, SENT, type SentNote } from '../../core/events/sent-notes.js';
import type { RunRecord, TaskEvent } from '../../core/events/task-event.js';
import type { Clock } from '../../core/values/clock.js';
import type { TailListener } from '../tasks/stream-tail.js';
import { HistoryRing, STEP_SECONDS, STEPS } from './history-ring.js';
import { type History as Document, historyOf } from './history-view.js';
import { PastReader } from './past-reader.js';
import { SentCount } from './sent-count.js';

/** The broker's clock may be another: it reads from so much before the hour on. */
const CLOCKS_APART_MS = 60_000;
const HOUR_MS = STEPS * STEP_SECONDS * 1_000;
/** A broker that was away is asked again so much later. */
const AGAIN_MS = 10_000;

export interface HistoryDeps {
  readonly clock: Clock;
  readonly eventStream: string;
  /** For what was before: while that is read. */
  readonly connect: () => Promise<Connection>;
  /** It is told all that is written from then on; milliseconds since the epoch. */
  readonly toldSinceMs: number;
  /** Of the first message that it is told, or would be. */
  readonly toldFrom: number;
  readonly onWarning: (text: string) => void;
}

/**
 * The last hour. It listens from the server's start on. What was before is read from the stream of events, when somebody
 * asks for the first time. How many tasks wait is counted when somebody asks, and reckoned from there: nobody lists the
 * queues while nobody looks.
 */
export class History implements TailListener {
  readonly #ring: HistoryRing;
  readonly #sent: SentCount;
  readonly #past: PastReader;
  readonly #closing = new AbortController();
  /** Milliseconds since the epoch. */
  #knownSinceMs: number;
  /** Of the first message that is told as it is written. */
  #toldFrom: number;
  #toldLast = -1;
  #reading: 'not yet' | 'under way' | 'done' = 'not yet';
  #notBefore = 0;
  /** Of what is read again, the newest moment so far, and the first. */
  #pastMs = 0;
  #firstPastMs: number | undefined;

  constructor(private readonly deps: HistoryDeps) {
    const { clock, eventStream, connect, toldSinceMs, toldFrom } = deps;
    this.#toldFrom = toldFrom;
    this.#ring = new HistoryRing(() => this.#epochMs());
    this.#sent = new SentCount((count, from, to) => this.#ring.sent(count, from, to), toldSinceMs);
    this.#knownSinceMs = toldSinceMs;
    this.#past = new PastReader({
      connect,
      stream: eventStream,
      now: clock.now,
      onMessage: (type, body) => this.#pastMessage(type, body),
      end: () => this.#toldFrom,
      signal: this.#closing.signal,
    });
  }

  onCompletions(events: readonly TaskEvent[], offset: number): void {
    this.#told(offset);
    this.#ring.ended(events);
  }

  onSent(note: SentNote, offset: number): void {
    this.#told(offset);
    this.#sent.noted(note, (note.at ?? this.deps.clock.epochMicros()) / 1_000);
  }

  onRunRecord(record: RunRecord, offset: number): void {
    this.#told(offset);
    this.#sent.recorded(record);
  }

  /** @param total tasks in users' queues and at workers, as just counted; null where nobody can say */
  document(total: number | null): Document {
    if (total !== null) this.#ring.counted(total);
    this.#readPast();
    return historyOf(this.#ring.steps(), {
      nowMs: this.#epochMs(),
      knownSinceMs: this.#knownSinceMs,
      isReading: this.#reading === 'under way',
    });
  }

  close(): void {
    this.#closing.abort();
  }

  #epochMs(): number {
    return this.deps.clock.epochMicros() / 1_000;
  }

  /** A stream that was made again begins anew: what it had before is told, or gone. */
  #told(offset: number): void {
    if (offset < this.#toldLast) this.#toldFrom = 0;
    this.#toldLast = offset;
  }

  #readPast(): void {
    const { clock, onWarning } = this.deps;
    if (this.#reading !== 'not yet' || clock.now() < this.#notBefore) return;
    this.#reading = 'under way';
    const fromMs = this.#epochMs() - HOUR_MS - CLOCKS_APART_MS;
    this.#past.read(fromMs).then(
      ({ hasOlder }) => {
        this.#sent.allIsKnown();
        this.#reading = 'done';
        // Of a younger stream nobody knows what was before it.
        const begin = hasOlder ? fromMs : Math.max(fromMs, this.#firstPastMs ?? this.#knownSinceMs);
        this.#knownSinceMs = Math.min(this.#knownSinceMs, begin);
      },
      (error) => {
        if (this.#closing.signal.aborted) return;
        onWarning(`the last hour could not be read (${error instanceof Error ? error.message : error})`);
        this.#reading = 'not yet';
        this.#notBefore = clock.now() + AGAIN_MS;
      },
    );
  }

  #pastMessage(type: string, body: () => string): void {
    if (type === COMPLETIONS) {
      const events = decodeCompletions(body()) ?? [];
      this.#ring.ended(events);
      for (const { finished } of events) this.#passed(finished);
    } else if (type === SENT) {
      const note = decodeSentNote(body());
      if (note === undefined) return;
      this.#passed(note.at);
      // An older publisher does not say when: it was after what stands before it.
      this.#sent.noted(note, note.at === undefined ? this.#pastMs : note.at / 1_000);
    } else if (type === RUN_RECORD) {
      const record = decodeRunRecord(body());
      if (record === undefined) return;
      this.#passed(record.finished);
      this.#sent.recorded(record, true);
    } else if (type === BEGINNING) this.#passed(decodeBeginning(body()));
  }

  /** @param micros since the epoch */
  #passed(micros: number | undefined): void {
    if (micros === undefined) return;
    this.#pastMs = Math.max(this.#pastMs, micros / 1_000);
    this.#firstPastMs ??= micros / 1_000;
  }
}
