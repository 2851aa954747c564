import type { Connection } from '../../broker/connection/connection.js';
import type { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import {
  type CensusAnswer,
  listen,
  ROLL_CALL_MS,
  WORKER_GONE_AFTER_MS,
  type WorkerPresence,
} from '../../broker/control/control.js';
import { messageOf } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import { type QueueFilter, queueFilter } from '../../run/worker/discovery/queue-filter.js';

export interface WorkersHeardDeps {
  readonly connection: Connection;
  readonly names: Names;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  readonly onWarning: (text: string) => void;
}

interface HeardWorker {
  readonly serves: QueueFilter;
  readonly name: string;
  readonly slots: number;
  heardAt: number;
}

/** A worker that was heard, has not said that it ends, and says nothing any more. */
export interface SilentWorker {
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly heardSecondsAgo: number;
}

/** Silent workers are told of for so long, and so many at most. */
const SILENT_TOLD_MS = 15 * 60_000;
const MOST_SILENT = 1_000;

/** Hears which workers there are, from the start of the server on. Each speaks every two seconds. */
export class WorkersHeard {
  readonly #workers = new Map<string, HeardWorker>();
  /** The one that spoke last comes last. */
  readonly #silent = new Map<string, HeardWorker>();
  readonly #answers = new Set<(answer: CensusAnswer) => void>();
  #channel: ReconnectingChannel | undefined;
  /** Undefined where nobody is heard. */
  #hearsSince: number | undefined;

  private constructor(private readonly deps: WorkersHeardDeps) {}

  /** Where the workers may not be heard it says so, and knows of none. */
  static async open(deps: WorkersHeardDeps): Promise<WorkersHeard> {
    const { connection, names, now, onWarning } = deps;
    const heard = new WorkersHeard(deps);
    const onFailure = (error: unknown) => {
      heard.#hearsSince = undefined;
      onWarning(`the workers cannot be heard (${messageOf(error)})`);
    };
    try {
      heard.#channel = await listen(connection, names, {
        onMessage: (message) => {
          if (message.kind === 'bye') heard.#left(message.id);
          else if (message.kind === 'worker') heard.#spoke(message.worker);
          else if (message.kind === 'here') for (const onAnswer of heard.#answers) onAnswer(message);
        },
        onOpen: () => {
          heard.#hearsSince = now();
        },
        onFailure,
      });
    } catch (error) {
      onFailure(error);
    }
    return heard;
  }

  /** It has listened for long enough to have heard every worker. */
  get isComplete(): boolean {
    const { connection, now } = this.deps;
    if (this.#hearsSince === undefined || !connection.isConnected) return false;
    return now() - this.#hearsSince >= ROLL_CALL_MS;
  }

  get ids(): ReadonlySet<string> {
    this.#forget();
    return new Set(this.#workers.keys());
  }

  /** Those that spoke last come first; none where this server may be the one that hears nothing. */
  get silent(): readonly SilentWorker[] {
    this.#forget();
    if (!this.isComplete) return [];
    const now = this.deps.now();
    return [...this.#silent]
      .map(([id, { name, slots, heardAt }]) => ({
        id,
        name,
        slots,
        heardSecondsAgo: (now - heardAt) / 1_000,
      }))
      .reverse();
  }

  /** Whether a worker serves the queue; undefined where not all may have been heard. */
  isServed(queue: string): boolean | undefined {
    this.#forget();
    for (const { serves } of this.#workers.values()) if (serves.matches(queue)) return true;
    return this.isComplete ? false : undefined;
  }

  /**
   * Hands on what workers answer to a census.
   *
   * @returns ends it
   */
  onCensus(onAnswer: (answer: CensusAnswer) => void): () => void {
    this.#answers.add(onAnswer);
    return () => this.#answers.delete(onAnswer);
  }

  close(): void {
    this.#channel?.close();
  }

  #spoke({ id, name, slots, include, exclude, also }: WorkerPresence): void {
    this.#silent.delete(id);
    const known = this.#workers.get(id);
    if (known !== undefined) known.heardAt = this.deps.now();
    else {
      const serves = queueFilter(this.deps.names, include, exclude, also);
      this.#workers.set(id, { serves, name, slots, heardAt: this.deps.now() });
    }
  }

  #left(id: string): void {
    this.#workers.delete(id);
    this.#silent.delete(id);
  }

  #forget(): void {
    const now = this.deps.now();
    for (const [id, worker] of this.#workers) {
      if (now - worker.heardAt <= WORKER_GONE_AFTER_MS) continue;
      this.#workers.delete(id);
      this.#silent.set(id, worker);
    }
    for (const [id, { heardAt }] of this.#silent) {
      if (now - heardAt > SILENT_TOLD_MS || this.#silent.size > MOST_SILENT) this.#silent.delete(id);
    }
  }
}
