import { type Confirmable, ConfirmedSender } from '../../../broker/connection/confirmed-sender.js';
import { type Connection, ConnectionClosed } from '../../../broker/connection/connection.js';
import { assertStartStream } from '../../../broker/queues/topology.js';
import { encodeNote, WORKER_NOTE, type WorkerNote } from '../../../core/crashes/worker-notes.js';
import type { Names } from '../../../core/queues/names.js';

interface SentNote extends Confirmable {
  readonly note: WorkerNote;
  readonly done: () => void;
}

export interface NoteWriterListener {
  /** Keys of the tasks that run here, and were noted, when all that the worker had noted became void. */
  running(): readonly string[];
  /** Nothing more can be written. */
  onFailure(error: Error): void;
}

/** Writes a worker's notes into the stream of starts, in their order; what a lost channel has not confirmed again. */
export class NoteWriter {
  readonly #sender: ConfirmedSender<SentNote>;
  #hasBegun = false;
  #count = 0;
  #failed = false;

  private constructor(
    connection: Connection,
    private readonly worker: string,
    private readonly names: Names,
    private readonly listener: NoteWriterListener,
  ) {
    this.#sender = new ConfirmedSender(connection, {
      prepare: () => assertStartStream(connection, names),
      onOpen: () => this.#begin(),
      sendAgain: (note) => this.#send(note),
      onConfirmed: ({ done }) => done(),
      // Somebody has deleted the stream, or the broker does not take it for now: the next channel makes it again.
      onReturned: () => this.#sender.renewSoon(),
      onNacked: () => this.#sender.renewSoon(),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Resolves when it is written down that the worker has begun. @param worker its id */
  static async open(
    connection: Connection,
    names: Names,
    worker: string,
    listener: NoteWriterListener,
  ): Promise<NoteWriter> {
    const writer = new NoteWriter(connection, worker, names, listener);
    await writer.#sender.open();
    writer.#hasBegun = true;
    await writer.write({ kind: 'began', worker });
    return writer;
  }

  /** Resolves when it is confirmed, or when that can no longer be. */
  write(note: WorkerNote): Promise<void> {
    if (this.#failed) return Promise.resolve();
    return new Promise((done) => this.#send(this.#add(note, done)));
  }

  close(): void {
    this.#sender.close();
  }

  /** What was delivered on the connection before is somebody else's, or comes back: what was noted of it is void. */
  #begin(): void {
    if (!this.#hasBegun) return; // it opens for the first time, and the first note is still to come
    const { worker } = this;
    const waiting = [...this.#sender.unconfirmed];
    for (const one of waiting) this.#sender.drop(one);
    this.#add({ kind: 'began', worker }, () => {});
    const tasks = this.listener.running();
    if (tasks.length > 0) this.#add({ kind: 'starts', worker, tasks }, () => {});
    for (const one of waiting) this.#sender.add(one);
  }

  #add(note: WorkerNote, done: () => void): SentNote {
    const added = { id: `${this.worker} ${++this.#count}`, isSent: false, nacks: 0, note, done };
    this.#sender.add(added);
    return added;
  }

  /** While the channel is away it waits: all that is unconfirmed is sent on the next. */
  #send(sent: SentNote): void {
    const { id, note } = sent;
    const properties = { type: WORKER_NOTE, messageId: id, persistent: true, mandatory: true };
    this.#sender.send(sent, '', this.names.startStream, Buffer.from(encodeNote(note)), properties);
  }

  #fail(error: Error): void {
    this.#failed = true;
    for (const note of [...this.#sender.unconfirmed]) {
      this.#sender.drop(note);
      note.done();
    }
    if (!(error instanceof ConnectionClosed)) this.listener.onFailure(error);
  }
}
