import type { Connection } from '../../broker/connection/connection.js';
import { PATIENCE_MS } from '../../broker/connection/patience.js';
import { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import { isLocked } from '../../broker/queues/lock.js';
import { EXCLUSIVE_QUEUE } from '../../broker/queues/queue-arguments.js';
import { assertKeyStream } from '../../broker/queues/topology.js';
import { ConfirmedWriter } from '../../broker/streams/confirmed-writer.js';
import { StreamReader } from '../../broker/streams/stream-reader.js';
import { refusedError } from '../../core/errors/errors.js';
import { KEY_NOTES, type KeyNote, readKeyNote } from '../../core/keys/key-note.js';
import type { Names } from '../../core/queues/names.js';
import { deferred } from '../../core/values/deferred.js';

export interface KeyNotesDeps {
  /** That notes are written on; another reads them. */
  readonly connection: Connection;
  readonly reading: Connection;
  readonly names: Names;
  readonly newId: () => string;
  readonly onNote: (note: KeyNote) => void;
  readonly onFailure: (error: Error) => void;
}

/** What servers tell each other of requests with a key: a stream that all of them read, in the same order. */
export class KeyNotes {
  /** The id of this server. */
  readonly server: string;
  #waiting: { line: string; confirmed: () => void; refused: (error: Error) => void }[] = [];
  #writer: ConfirmedWriter | undefined;
  #reader: StreamReader | undefined;
  #presence: ReconnectingChannel | undefined;

  private constructor(private readonly deps: KeyNotesDeps) {
    this.server = deps.newId();
  }

  /** @param since notes from then on are read first; milliseconds since the epoch */
  static async open(deps: KeyNotesDeps, since: number): Promise<KeyNotes> {
    const notes = new KeyNotes(deps);
    const { connection, reading, names, onFailure } = deps;
    const makeAgain = () => assertKeyStream(reading, names);
    await makeAgain();
    notes.#presence = await ReconnectingChannel.open(
      () => connection.channel(),
      async (channel) => {
        await channel.assertQueue(names.serverQueuePrefix + notes.server, EXCLUSIVE_QUEUE);
      },
      { onFailure },
    );
    notes.#writer = await ConfirmedWriter.open(connection, {
      patienceMs: PATIENCE_MS.giveUp,
      makeAgain,
      onFailure,
    });
    const onMessage = (type: string, body: () => string) => {
      if (type === KEY_NOTES) for (const line of body().split('\n')) notes.#heard(line);
    };
    notes.#reader = await StreamReader.open(
      reading,
      names.keyStream,
      { timestamp: since },
      { onMessage, makeAgain, onFailure },
    );
    // Its end need not be waited for: an own claim comes back when all that was written before it has come.
    return notes;
  }

  /** Resolves when the broker has confirmed it. */
  write(note: KeyNote): Promise<void> {
    const { promise, resolve, reject } = deferred();
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push({ line: JSON.stringify(note), confirmed: () => resolve(), refused: reject });
    return promise;
  }

  /** Whether a server is there, which has written a note. */
  async isThere(server: string): Promise<boolean> {
    return isLocked(this.deps.reading, this.deps.names.serverQueuePrefix + server);
  }

  async close(): Promise<void> {
    this.#presence?.close();
    await this.#reader?.close();
  }

  #heard(line: string): void {
    const note = readKeyNote(line);
    if (note !== undefined) this.deps.onNote(note);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#writer?.write({
      queue: this.deps.names.keyStream,
      body: Buffer.from(waiting.map(({ line }) => line).join('\n')),
      properties: { messageId: this.deps.newId(), type: KEY_NOTES },
      onConfirmed: () => {
        for (const { confirmed } of waiting) confirmed();
      },
      onRefused: () => {
        const error = refusedError('KEYS_NOT_TAKEN', 'the broker does not take what is written of keys');
        for (const { refused } of waiting) refused(error);
      },
    });
  }
}
