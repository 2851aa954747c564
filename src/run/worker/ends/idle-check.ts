import type { Clock } from '../../../core/values/clock.js';
import type { WorkerOptions } from '../worker-contract.js';

/** On its way from one queue to another, or to here, a task is in no queue for a moment: so many checks see none. */
const EMPTY_CHECKS = 5;

/** What a worker has to do, and where more may wait. */
export interface Work {
  /** A task runs here, may start, or has ended and is not safe yet. */
  readonly isBusy: boolean;
  /** Tasks that wait here for their next attempt. */
  readonly waiting: number;
  /** Names of the queues in which a task may wait that this worker is to run. */
  queues(): readonly string[];
  /** Those of them whose users are paused: nothing of them starts. */
  paused(): readonly PausedQueue[];
  /** Resolves when all is here that the broker has sent until now. */
  allArrived(): Promise<void>;
}

export interface PausedQueue {
  readonly queue: string;
  readonly user: string;
}

/** Whether the broker has no task ready in these queues. */
export interface ReadyCheck {
  noneIn(queues: readonly string[]): Promise<boolean>;
  /** How many each of them has, of those that are there. */
  countsIn(queues: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export type IdleOptions = Pick<WorkerOptions, 'exitWhen' | 'idleForMs'>;

/** Finds out whether there is nothing left to do, by the end that was asked for. */
export class IdleCheck {
  #idleSince: number | undefined;
  /** Checks in a row that saw no task. */
  #timesEmpty = 0;

  constructor(
    private readonly options: IdleOptions,
    private readonly work: Work,
    private readonly ready: ReadyCheck,
    private readonly clock: Clock,
    /** Asked to say what the worker waits for, where others keep that from starting. */
    private readonly paused: { look(): Promise<void> },
  ) {}

  /** To be asked again and again until it says so. */
  async isOver(): Promise<boolean> {
    const { exitWhen, idleForMs } = this.options;
    if (exitWhen === undefined) return false;
    if (exitWhen === 'idle') return this.#idleMs() >= idleForMs;
    this.#timesEmpty = (await this.#seesNone()) ? this.#timesEmpty + 1 : 0;
    if (this.#timesEmpty < EMPTY_CHECKS) return false;
    // What a queue has sent is ready no more. On a busy broker it may take longer to come than all these checks.
    await this.work.allArrived();
    if (!this.#hasNone) this.#timesEmpty = 0;
    return this.#hasNone;
  }

  #idleMs(): number {
    const now = this.clock.now();
    if (this.work.isBusy || this.#idleSince === undefined) this.#idleSince = now;
    return now - this.#idleSince;
  }

  /** A task that came while the broker was asked counts too. */
  async #seesNone(): Promise<boolean> {
    if (!this.#hasNone) return false;
    const seesNone = await this.ready.noneIn(this.work.queues());
    if (!seesNone && this.#hasNone) await this.paused.look();
    return seesNone && this.#hasNone;
  }

  get #hasNone(): boolean {
    return !this.work.isBusy && this.work.waiting === 0;
  }
}
