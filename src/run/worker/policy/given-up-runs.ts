import type { GivenUpAttempt } from '../../../core/events/given-up.js';
import type { Clock } from '../../../core/values/clock.js';
import type { TaskRun } from '../slots/task-run.js';

/** Before it is said that a handler goes on: most end at once when they are told. Milliseconds. */
const TELL_AFTER_MS = 50;

/** Where the worker writes down what ran. */
export type WriteGivenUp = (attempts: readonly GivenUpAttempt[]) => void;

/**
 * Follows tasks that were given up with their permits until their handlers have ended. No completion is written of these:
 * each is written down here instead, so that a report knows what ran at once.
 */
export class GivenUpRuns {
  /** Those that ran on when others might have their permits. */
  overlaps = 0;

  /** @param worker its name */
  constructor(
    private readonly worker: string,
    private readonly clock: Clock,
    private readonly write: WriteGivenUp,
  ) {}

  /**
   * @param ended for each of the runs when its handler has ended
   * @param freeFrom when others might have their permits; milliseconds on the monotonic clock, and may be past
   */
  follow(runs: readonly TaskRun[], ended: readonly Promise<void>[], freeFrom: number): void {
    const now = this.clock.now();
    const from = Math.round(this.clock.epochMicros() + (freeFrom - now) * 1000);
    const left = new Set(runs);
    const counted = new Set<TaskRun>();
    const told = (run: TaskRun, finished: number | null) => this.#told(run, from, finished);
    const timer = setTimeout(
      () => {
        this.overlaps += left.size;
        for (const run of left) counted.add(run);
        if (left.size > 0) this.write([...left].map((run) => told(run, null)));
      },
      Math.max(TELL_AFTER_MS, freeFrom - now),
    );
    timer.unref();
    for (const [i, run] of runs.entries()) {
      ended[i]!.then(() => {
        left.delete(run);
        if (left.size === 0) clearTimeout(timer);
        const finished = this.clock.epochMicros();
        if (finished > from && !counted.has(run)) this.overlaps++;
        this.write([told(run, finished)]);
      });
    }
  }

  #told({ task, envelope, startedAt }: TaskRun, freeFrom: number, finished: number | null): GivenUpAttempt {
    const { user, run, attempt } = envelope;
    return { id: task.id, user, run, attempt, worker: this.worker, started: startedAt, freeFrom, finished };
  }
}
