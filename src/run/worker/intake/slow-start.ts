import { within } from '../../../broker/connection/within.js';
import type { Runner } from '../slots/runner.js';
import type { ConsumedQueue } from '../task/delivered-task.js';
import type { Intake } from './intake.js';

/**
 * Tasks that have not ended after 20 ms are not short; queues that have sent nothing by then are empty. The time is
 * counted in steps in which the worker ran: while the processor is taken away from it, no task can end.
 */
const SAMPLE_STEPS = 10;
const SAMPLE_STEP_MS = 2;
const SHORT_TASK_MS = 10;
/** The rest of the queues may take so long to be taken up before tasks start without them. */
const TAKE_WITHIN_MS = 1_000;
/** Samples are taken from so many queues at least: where tasks are long, they are all that starts for a while. */
const FEW = 32;

export interface SlowStartListener {
  /** More is held now, of users that have had no turn yet. */
  onFilled(): void;
  onFailure(error: Error): void;
}

/**
 * The first tasks of a worker. Until it has run some it cannot know how long tasks take here, and
 * keeps its windows small, for they may be long. So it takes up a few queues and starts a few samples;
 * if they are short, it takes up the others with windows that fit, and lets all of them fill, before
 * anything else runs: otherwise the user whose tasks come first would run ahead of the others.
 */
export class SlowStart {
  #state: 'waiting' | 'sampling' | 'taking' | 'over' = 'waiting';
  #rest: readonly ConsumedQueue[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param samples how many tasks; 0 where the windows are fixed, and there is nothing to learn */
  constructor(
    private readonly runner: Runner,
    private readonly intake: Intake,
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
  async prepare(queues: readonly string[]): Promise<void> {
    const sources = await this.intake.find(queues);
    const few = this.samples === 0 ? sources.length : Math.max(FEW, this.samples);
    // First those in which tasks are known to wait: samples come from no others.
    sources.sort((a, b) => Number(b.backlog > 0) - Number(a.backlog > 0));
    this.#rest = sources.slice(few);
    await this.#take(sources.slice(0, few));
  }

  start(): void {
    if (this.samples === 0) {
      this.#state = 'over';
      this.runner.start();
      return;
    }
    this.#state = 'sampling';
    this.runner.start(this.samples);
    if (this.#rest.length > 0) this.#endInTime();
  }

  /** Call it whenever a task has started or ended. */
  check(): void {
    if (this.#state !== 'sampling' || this.runner.started === 0) return;
    if (this.runner.running === 0) this.#end();
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
    this.runner.pause();
    this.#takeRest().catch((error) => this.listener.onFailure(error));
  }

  async #takeRest(): Promise<void> {
    const sampled = this.runner.started > 0;
    const areShort = (this.runner.taskMs ?? Number.POSITIVE_INFINITY) < SHORT_TASK_MS;
    const rest = this.#rest;
    this.#rest = [];
    await this.#take(rest);
    if (areShort) await this.intake.prefetch.adjustAll();
    if (areShort || !sampled) await this.intake.filled();
    if (this.#state !== 'taking') return;
    this.listener.onFilled();
    if (!sampled) {
      this.start();
      return;
    }
    this.#state = 'over';
    this.runner.resume();
  }

  async #take(sources: readonly ConsumedQueue[]): Promise<void> {
    const work = this.intake.consume(sources, this.runner.running > 0);
    work.catch((error) => this.listener.onFailure(error));
    await within(TAKE_WITHIN_MS, work);
  }
}
