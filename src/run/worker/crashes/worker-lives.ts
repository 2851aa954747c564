import type { Connection } from '../../../broker/connection.js';
import { WORKER_GONE_AFTER_MS, WORKER_SAYS_EVERY_MS } from '../../../broker/control.js';
import { StreamReader } from '../../../broker/stream-reader.js';
import { assertStartStream } from '../../../broker/topology.js';
import type { Clock } from '../../../core/clock.js';
import type { CrashLedger } from '../../../core/crash-ledger.js';
import type { Names } from '../../../core/names.js';
import { decodeNote, WORKER_NOTE, type WorkerNote } from '../../../core/worker-notes.js';

const LOOK_EVERY_MS = 1_000;
/** Counted in looks and not in time: while this process stands still it hears nobody. */
const SILENT_LOOKS = WORKER_GONE_AFTER_MS / LOOK_EVERY_MS + 1;
const DEAF_LOOKS = WORKER_SAYS_EVERY_MS / LOOK_EVERY_MS + 1;

export interface WorkerLivesListener {
  /** Something has changed in what is known, or a second has gone by. */
  onLook(): void;
  /** Something is to be written down for all. */
  onNote(note: WorkerNote): void;
  onFailure(error: Error): void;
}

/**
 * Follows the notes of all workers, and tells the living from the dead: who has noted that it began, has not ended,
 * and has not been heard of for as long as anybody listens, is dead or cut off. One that is cut off says so itself
 * when it is back (`began`), and whoever hears one that was taken for dead says that it lives.
 */
export class WorkerLives {
  #reader: StreamReader | undefined;
  #looking: NodeJS.Timeout | undefined;
  readonly #heardAt = new Map<string, number>();
  /** Looks in a row at which nothing had been heard of a worker. */
  readonly #silent = new Map<string, number>();
  /** Said to live, and not read back yet. */
  readonly #revived = new Set<string>();

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly own: string,
    private readonly ledger: CrashLedger,
    private readonly clock: Clock,
    private readonly listener: WorkerLivesListener,
  ) {}

  /** Resolves when all is known that was written before; it goes on reading. */
  async follow(): Promise<void> {
    const { connection, names } = this;
    this.#reader = await StreamReader.open(connection, names.startStream, 'first', {
      onMessage: (type, body) => {
        const note = type === WORKER_NOTE ? decodeNote(body()) : undefined;
        if (note !== undefined) this.#take(note);
      },
      makeAgain: () => assertStartStream(connection, names),
      onFailure: (error) => this.listener.onFailure(error),
    });
    await this.#reader.caughtUp();
    // Who spoke long ago in the stream is no news: it is heard from here on.
    this.#silent.clear();
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** A worker has spoken on the control exchange. */
  heard(worker: string): void {
    this.#heardAt.set(worker, this.clock.now());
    this.#silent.delete(worker);
    if (!this.ledger.isDead(worker) || this.#revived.has(worker)) return;
    this.#revived.add(worker);
    this.listener.onNote({ kind: 'lives', worker });
  }

  /** @param since milliseconds on the clock */
  heardSince(worker: string, since: number): boolean {
    return (this.#heardAt.get(worker) ?? Number.NEGATIVE_INFINITY) > since;
  }

  close(): void {
    clearInterval(this.#looking);
    this.#reader?.close().catch(() => {}); // it goes with its connection
  }

  #take(note: WorkerNote): void {
    this.ledger.take(note);
    if (note.kind === 'died') for (const worker of note.workers) this.#silent.delete(worker);
    else {
      this.#silent.delete(note.worker);
      this.#revived.delete(note.worker);
    }
    if (this.#looking !== undefined) this.listener.onLook();
  }

  #look(): void {
    const died: string[] = [];
    const ownLooks = (this.#silent.get(this.own) ?? 0) + 1;
    // What it says itself comes back to it; while that does not, it hears nobody.
    if (ownLooks > DEAF_LOOKS) this.#silent.clear();
    this.#silent.set(this.own, ownLooks);
    for (const worker of ownLooks > DEAF_LOOKS ? [] : this.ledger.living()) {
      if (worker === this.own) continue;
      const looks = (this.#silent.get(worker) ?? 0) + 1;
      this.#silent.set(worker, looks);
      if (looks === SILENT_LOOKS) died.push(worker);
    }
    if (died.length > 0) {
      this.listener.onNote({ kind: 'died', workers: died, at: this.clock.epochMicros() });
    }
    this.listener.onLook();
  }
}
