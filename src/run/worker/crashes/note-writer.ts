import type { ConfirmChannel } from '../../../broker/connection/channel.js';
import { type Connection, ConnectionClosed, isNack } from '../../../broker/connection/connection.js';
import { ReconnectingChannel } from '../../../broker/connection/reconnecting-channel.js';
import { assertStartStream } from '../../../broker/queues/topology.js';
import { encodeNote, WORKER_NOTE, type WorkerNote } from '../../../core/crashes/worker-notes.js';
import type { Names } from '../../../core/queues/names.js';

interface Unconfirmed {
  readonly id: string;
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
  readonly #unconfirmed = new Set<Unconfirmed>();
  readonly #returned = new Set<string>();
  #channel: ReconnectingChannel<ConfirmChannel> | undefined;
  #count = 0;
  #failed = false;

  private constructor(
    private readonly worker: string,
    private readonly names: Names,
    private readonly listener: NoteWriterListener,
  ) {}

  /** Resolves when it is written down that the worker has begun. @param worker its id */
  static async open(
    connection: Connection,
    names: Names,
    worker: string,
    listener: NoteWriterListener,
  ): Promise<NoteWriter> {
    const writer = new NoteWriter(worker, names, listener);
    writer.#channel = await ReconnectingChannel.open(
      () => connection.confirmChannel(),
      async (channel) => {
        await assertStartStream(connection, names);
        channel.on('return', ({ properties }) => writer.#returned.add(String(properties.messageId)));
      },
      {
        onOpen: (channel) => writer.#begin(channel),
        oldestUnanswered: () => {
          if (connection.blocked) return undefined;
          for (const unconfirmed of writer.#unconfirmed) return unconfirmed;
          return undefined;
        },
        onFailure: (error) => writer.#fail(error),
      },
    );
    await writer.write({ kind: 'began', worker });
    return writer;
  }

  /** Resolves when it is confirmed, or when that can no longer be. */
  write(note: WorkerNote): Promise<void> {
    if (this.#failed) return Promise.resolve();
    return new Promise((done) => {
      const unconfirmed = { id: `${this.worker} ${++this.#count}`, note, done };
      this.#unconfirmed.add(unconfirmed);
      this.#send(this.#channel?.current, unconfirmed);
    });
  }

  close(): void {
    this.#channel?.close();
  }

  /** What was delivered on the connection before is somebody else's, or comes back: what was noted of it is void. */
  #begin(channel: ConfirmChannel): void {
    this.#returned.clear();
    if (this.#channel === undefined) return; // it opens for the first time, and the first note is still to come
    const { worker } = this;
    const began: WorkerNote[] = [{ kind: 'began', worker }];
    const tasks = this.listener.running();
    if (tasks.length > 0) began.push({ kind: 'starts', worker, tasks });
    const waiting = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    for (const note of began) {
      this.#unconfirmed.add({ id: `${worker} ${++this.#count}`, note, done: () => {} });
    }
    for (const one of waiting) this.#unconfirmed.add(one);
    for (const one of this.#unconfirmed) this.#send(channel, one);
  }

  /** While the channel is away it waits: all that is unconfirmed is sent on the next. */
  #send(channel: ConfirmChannel | undefined, unconfirmed: Unconfirmed): void {
    const { id, note } = unconfirmed;
    const options = { type: WORKER_NOTE, messageId: id, persistent: true, mandatory: true };
    channel?.sendToQueue(this.names.startStream, Buffer.from(encodeNote(note)), options, (error) => {
      if (error && !isNack(error)) return; // its channel was lost: it is sent again on the next
      if (error || this.#returned.delete(id)) {
        // The broker does not take it for now, or somebody has deleted the stream: the next channel makes it again.
        if (channel === this.#channel?.current) this.#channel?.renewSoon();
      } else if (this.#unconfirmed.delete(unconfirmed)) unconfirmed.done();
    });
  }

  #fail(error: Error): void {
    this.#failed = true;
    for (const { done } of this.#unconfirmed) done();
    this.#unconfirmed.clear();
    if (!(error instanceof ConnectionClosed)) this.listener.onFailure(error);
  }
}
