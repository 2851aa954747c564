import { WORKER_GONE_AFTER_MS, WORKER_SAYS_EVERY_MS } from '../../../broker/control/control.js';
import { assertStartStream } from '../../../broker/queues/topology.js';
import { StreamReader } from '../../../broker/streams/stream-reader.js';
import type { CrashLedger } from '../../../core/crashes/crash-ledger.js';
import {
  decodeNote,
  type Silence,
  WORKER_NOTE,
  type WorkerNote,
} from '../../../core/crashes/worker-notes.js';
import type { ChannelDeps } from '../worker-contract.js';

/** Short beside the life of a worker that is restarted all the time. */
const CHECK_EVERY_MS = 500;
/** Silence is counted in checks and not by a clock: while this process stands still it hears nobody. */
const DEAD_AFTER_MS = WORKER_GONE_AFTER_MS + 1_000;
const DEAF_AFTER_MS = WORKER_SAYS_EVERY_MS + 1_000;

export interface WorkerLivesListener {
  /** Something has changed in what is known, or a second has gone by. */
  onCheck(): void;
  /** Whether a task waits until it is known who is dead: then what is known of silences outlives this worker. */
  isAwaiting(): boolean;
  /** Something is to be written down for all. */
  onNote(note: WorkerNote): void;
  onFailure(error: Error): void;
}

/**
 * Follows the notes of all workers, and tells the living from the dead: who has noted that it began, has not ended,
 * and has not been heard of for as long as anybody listens, is dead or cut off. One that is cut off says so itself
 * when it is back (`began`), and whoever hears one that was taken for dead says that it lives.
 *
 * Who listens may itself be restarted before the time is over. So it writes down for how long it has heard nothing
 * (`silent`), and the next one goes on from there. A worker that lives answers each one that comes (`Presence`),
 * and who reads of its own silence says that it lives: then the silence counts from 0.
 */
export class WorkerLives {
  #reader: StreamReader | undefined;
  #checking: NodeJS.Timeout | undefined;
  readonly #heardAt = new Map<string, number>();
  /** How long nothing has been heard of a worker here, and of those that listened before; milliseconds. */
  readonly #silent = new Map<string, number>();
  /** Said to live, and not read back yet. */
  readonly #revived = new Set<string>();

  /** @param own id of this worker */
  constructor(
    private readonly deps: ChannelDeps,
    private readonly own: string,
    private readonly ledger: CrashLedger,
    private readonly listener: WorkerLivesListener,
  ) {}

  /** Resolves when all is known that was written before; it goes on reading. */
  async follow(): Promise<void> {
    const { connection, names } = this.deps;
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
    for (const worker of this.ledger.living()) this.#goOnFrom(worker, this.ledger.silentMs(worker));
    this.#checking = setInterval(() => this.#check(), CHECK_EVERY_MS);
  }

  /** A worker has spoken on the control exchange. */
  heard(worker: string): void {
    this.#heardAt.set(worker, this.deps.clock.now());
    this.#silent.delete(worker);
    if (this.ledger.isDead(worker) || this.ledger.silentMs(worker) > 0) this.#sayThatLives(worker);
  }

  /** How long it takes at the most until this worker is heard or known to be dead; milliseconds. */
  knownInMs(worker: string): number {
    return Math.max(0, DEAD_AFTER_MS - (this.#silent.get(worker) ?? 0));
  }

  /** @param since milliseconds on the clock */
  heardSince(worker: string, since: number): boolean {
    return (this.#heardAt.get(worker) ?? Number.NEGATIVE_INFINITY) > since;
  }

  close(): void {
    clearInterval(this.#checking);
    this.#reader?.close().catch(() => {}); // it goes with its connection
  }

  #goOnFrom(worker: string, silentMs: number): void {
    if (silentMs === 0) return;
    if (this.#hasHeardWithin(worker, silentMs)) this.#sayThatLives(worker);
    // Whatever the others say, it listens for a moment itself.
    else this.#silent.set(worker, Math.min(silentMs, DEAD_AFTER_MS - CHECK_EVERY_MS));
  }

  /** Of itself it knows that it lives. */
  #hasHeardWithin(worker: string, ms: number): boolean {
    return worker === this.own || this.heardSince(worker, this.deps.clock.now() - ms);
  }

  #sayThatLives(worker: string): void {
    if (this.#revived.has(worker)) return;
    this.#revived.add(worker);
    this.listener.onNote({ kind: 'lives', worker });
  }

  #take(note: WorkerNote): void {
    this.ledger.take(note);
    if (note.kind === 'died') for (const worker of note.workers) this.#silent.delete(worker);
    else {
      this.#silent.delete(note.worker);
      this.#revived.delete(note.worker);
    }
    if (this.#checking === undefined) return;
    this.#contradict(note);
    this.listener.onCheck();
  }

  #contradict(note: WorkerNote): void {
    if (note.kind === 'died' && note.workers.includes(this.own)) this.#sayThatLives(this.own);
    if (note.kind !== 'silent') return;
    for (const [worker, ms] of note.silences) {
      if (this.#hasHeardWithin(worker, ms)) this.#sayThatLives(worker);
    }
  }

  #check(): void {
    const ownMs = (this.#silent.get(this.own) ?? 0) + CHECK_EVERY_MS;
    // What it says itself comes back to it; while that does not, it hears nobody.
    const isDeaf = ownMs > DEAF_AFTER_MS;
    if (isDeaf) this.#silent.clear();
    this.#silent.set(this.own, ownMs);
    if (!isDeaf) this.#countSilences();
    this.listener.onCheck();
  }

  #countSilences(): void {
    const died: string[] = [];
    const silences: Silence[] = [];
    for (const worker of this.ledger.living()) {
      if (worker === this.own) continue;
      const before = this.#silent.get(worker) ?? 0;
      const ms = before + CHECK_EVERY_MS;
      this.#silent.set(worker, ms);
      // Who lives was heard when this one came, and is silent between two words.
      const isSilent = !this.#heardAt.has(worker) || ms > DEAF_AFTER_MS;
      if (before < DEAD_AFTER_MS && ms >= DEAD_AFTER_MS) died.push(worker);
      else if (isSilent && ms > this.ledger.silentMs(worker)) silences.push([worker, ms]);
    }
    if (died.length > 0) {
      this.listener.onNote({ kind: 'died', workers: died, at: this.deps.clock.epochMicros() });
    }
    if (silences.length > 0 && this.listener.isAwaiting()) {
      this.listener.onNote({ kind: 'silent', worker: this.own, silences });
    }
  }
}
