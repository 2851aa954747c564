import type { TaskState } from '../../core/events/task-state.js';
import type { WorkerQuestion } from '../../run/tasks/worker-question.js';
import type { EventOutput } from './event-output.js';
import { stateFrame } from './task-frames.js';
import type { TaskNews } from './task-news.js';

/** Workers are asked so often at most whether they have started a task; for each of many who wait, less often. */
const ASK_EVERY_MS = 2_000;
const ASK_EVERY_MS_EACH = 20;

/** Streams of single tasks that wait for a start: how many there are decides how often workers are asked. */
export class StartWatches {
  #count = 0;

  constructor(private readonly workers: Pick<WorkerQuestion, 'ask'>) {}

  watch(id: string, output: EventOutput): StartWatch {
    return new StartWatch(id, output, {
      workers: this.workers,
      onWaiting: (change) => {
        this.#count += change;
      },
      intervalMs: () => Math.max(ASK_EVERY_MS, this.#count * ASK_EVERY_MS_EACH),
    });
  }
}

interface StartWatchDeps {
  readonly workers: Pick<WorkerQuestion, 'ask'>;
  /** One more, or one less, waits for a start. */
  readonly onWaiting: (change: 1 | -1) => void;
  readonly intervalMs: () => number;
}

/** Tells when a worker has started a task. Only the worker knows, so it is asked. */
export class StartWatch {
  /** The attempt that was told to have started, or to have ended. */
  #told = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly id: string,
    private readonly output: EventOutput,
    private readonly deps: StartWatchDeps,
  ) {}

  /** Where the task stands, as it was told. */
  heard({ state, attempt = 0 }: Pick<TaskState, 'state' | 'attempt'> | TaskNews): void {
    this.#told = Math.max(this.#told, state === 'queued' ? 0 : attempt);
    if (state === 'started') this.#rest();
    else this.#askSoon();
  }

  close(): void {
    this.#isClosed = true;
    this.#rest();
  }

  #askSoon(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.deps.onWaiting(1);
    this.#timer = setTimeout(() => void this.#ask(), this.deps.intervalMs());
  }

  #rest(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.deps.onWaiting(-1);
  }

  async #ask(): Promise<void> {
    const { running } = await this.deps.workers.ask(this.id);
    if (this.#timer === undefined) return; // something else was heard meanwhile
    this.#rest();
    if (running !== undefined && running.attempt > this.#told) {
      this.#told = running.attempt;
      this.output.send(stateFrame({ id: this.id, state: 'started', ...running }, undefined));
    } else this.#askSoon();
  }
}
