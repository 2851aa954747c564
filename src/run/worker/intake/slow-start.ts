import { within } from '../../../broker/connection/within.js';
import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import {
  SAMPLE_STEP_MS,
  SAMPLE_STEPS,
  SAMPLED_QUEUES,
  SHORT_TASK_MS,
  TAKE_UP_WITHIN_MS,
} from '../../../core/scheduling/tuning.js';
import type { Runner } from '../slots/runner.js';
import type { PrefetchControl } from './prefetch-control.js';
import type { ServedQueue } from './served-queue.js';
import type { ServedQueues } from './served-queues.js';

/** The slots, as far as a slow start concerns them. */
export type StartedSlots = Pick<Runner, 'start' | 'pause' | 'resume' | 'started' | 'running'>;

/** Where the queues come from, and how much of them. */
export interface SlowStartQueues {
  readonly served: Pick<ServedQueues, 'find' | 'consume' | 'filled'>;
  readonly prefetch: Pick<PrefetchControl, 'adjustAll'>;
}

export interface SlowStartListener {
  /** More is prefetched now, of users that have had no turn yet. */
  onFilled(): void;
  onFailure(error: Error): void;
}

/**
 * The first tasks of a worker. Until it has run some it cannot know how long tasks take here, and
 * keeps its prefetch small, for they may be long. So it takes up a few queues and starts a few samples;
 * if they are short, it takes up the others with a prefetch that fits, and lets all of them fill, before
 * anything else runs: otherwise the user whose tasks come first would run ahead of the others.
 */
export class SlowStart {
  #state: 'waiting' | 'sampling' | 'taking' | 'over' = 'waiting';
  #rest: readonly ServedQueue[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param samples how many tasks; 0 where the prefetch is fixed, and there is nothing to learn */
  constructor(
    private readonly slots: StartedSlots,
    private readonly queues: SlowStartQueues,
    private readonly times: Pick<TaskTimes, 'allMs'>,
    private readonly samples: number,
    private readonly listener: SlowStartListener,
  ) {}

  get over(): boolean {
    return this.#state === 'over';
  }

  /** Queues are still to be taken up. */
  get hasMore(): boolean {
    return this.#rest.length > 0 || this.#state === 'taking';
  }

  /** Takes up the queues that the samples come from; all, where there are no samples. */
  async prepare(names: readonly string[]): Promise<void> {
    const found = await this.queues.served.find(names);
    const few = this.samples === 0 ? found.length : Math.max(SAMPLED_QUEUES, this.samples);
    // First those in which tasks are known to wait: samples come from no others.
    found.sort((a, b) => Number(b.backlog > 0) - Number(a.backlog > 0));
    this.#rest = found.slice(few);
    await this.#take(found.slice(0, few));
  }

  start(): void {
    if (this.samples === 0) {
      this.#state = 'over';
      this.slots.start();
      return;
    }
    this.#state = 'sampling';
    this.slots.start(this.samples);
    if (this.#rest.length > 0) this.#endInTime();
  }

  /** Call it whenever a task has started or ended. */
  check(): void {
    if (this.#state !== 'sampling' || this.slots.started === 0) return;
    if (this.slots.running === 0) this.#end();
    else this.#endInTime();
  }

  cancel(): void {
    this.#state = 'over';
    clearInterval(this.#timer);
  }

  #endInTime(): void {
    let left = SAMPLE_STEPS;
    this.#timer ??= setInterval(() => {
      if (--left === 0) this.#end();
    }, SAMPLE_STEP_MS);
  }

  #end(): void {
    if (this.#state !== 'sampling') return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#state = 'taking';
    this.slots.pause();
    this.#takeRest().catch((error) => this.listener.onFailure(error));
  }

  async #takeRest(): Promise<void> {
    const sampled = this.slots.started > 0;
    const areShort = (this.times.allMs ?? Number.POSITIVE_INFINITY) < SHORT_TASK_MS;
    const rest = this.#rest;
    this.#rest = [];
    await this.#take(rest);
    if (areShort) await this.queues.prefetch.adjustAll();
    if (areShort || !sampled) await this.queues.served.filled();
    if (this.#state !== 'taking') return;
    this.listener.onFilled();
    if (!sampled) {
      this.start();
      return;
    }
    this.#state = 'over';
    this.slots.resume();
  }

  async #take(queues: readonly ServedQueue[]): Promise<void> {
    const work = this.queues.served.consume(queues, this.slots.running > 0);
    work.catch((error) => this.listener.onFailure(error));
    await within(TAKE_UP_WITHIN_MS, work);
  }
}
