import type { Intake } from './intake.js';
import type { Runner } from './runner.js';

/** Tasks that have not ended by then are not short. */
const SAMPLE_WITHIN_MS = 20;
const SHORT_TASK_MS = 10;

/**
 * The first tasks of a worker. Until it has run some it cannot know how long tasks take here, and
 * keeps its windows small, for they may be long. So it starts a few samples; if they are short, the
 * windows grow, and fill, before anything else runs: otherwise the user whose window grows first
 * would run ahead of the others.
 */
export class WarmUp {
  #state: 'waiting' | 'sampling' | 'over' = 'waiting';
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly runner: Runner,
    private readonly intake: Intake,
    private readonly samples: number,
    private readonly onFailure: (error: Error) => void,
  ) {}

  get over(): boolean {
    return this.#state === 'over';
  }

  start(): void {
    this.#state = 'sampling';
    this.runner.start(this.samples);
  }

  /** No samples: the windows are fixed. */
  skip(): void {
    this.#state = 'over';
    this.runner.start();
  }

  /** Call it whenever a task has started or ended. */
  look(): void {
    if (this.#state !== 'sampling' || this.runner.started === 0) return;
    if (this.runner.running === 0) this.#end();
    else this.#timer ??= setTimeout(() => this.#end(), SAMPLE_WITHIN_MS);
  }

  cancel(): void {
    this.#state = 'over';
    clearTimeout(this.#timer);
  }

  #end(): void {
    if (this.#state !== 'sampling') return;
    this.cancel();
    if ((this.runner.taskMs ?? Number.POSITIVE_INFINITY) >= SHORT_TASK_MS) {
      this.runner.start();
      return;
    }
    this.runner.pause();
    this.intake.windows
      .fitAll()
      .then(() => this.intake.filled())
      .then(() => this.runner.resume())
      .catch(this.onFailure);
  }
}
