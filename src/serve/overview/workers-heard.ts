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
  heardAt: number;
}

/** Hears which workers there are, from the start of the server on. Each speaks every two seconds. */
export class WorkersHeard {
  readonly #workers = new Map<string, HeardWorker>();
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
          if (message.kind === 'bye') heard.#workers.delete(message.id);
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

  #spoke({ id, include, exclude, also }: WorkerPresence): void {
    const known = this.#workers.get(id);
    if (known !== undefined) known.heardAt = this.deps.now();
    else {
      const serves = queueFilter(this.deps.names, include, exclude, also);
      this.#workers.set(id, { serves, heardAt: this.deps.now() });
    }
  }

  #forget(): void {
    const now = this.deps.now();
    for (const [id, { heardAt }] of this.#workers) {
      if (now - heardAt > WORKER_GONE_AFTER_MS) this.#workers.delete(id);
    }
  }
}
