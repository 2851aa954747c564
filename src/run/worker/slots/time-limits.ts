import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import type { RunningTasks } from './running-tasks.js';
import type { TaskCounts } from './task-counts.js';
import type { TaskRun } from './task-run.js';
import type { TimeCharges } from './time-charges.js';

export interface TimeLimitsOptions {
  /** A task that runs longer counts as failed; undefined: it may run for ever. Milliseconds. */
  readonly taskTimeoutMs: number | undefined;
  readonly times: TaskTimes;
}

/** What the limits apply to. */
export interface TimeLimitsParts {
  readonly tasks: RunningTasks;
  readonly counts: TaskCounts;
  readonly charges: TimeCharges;
  /** Handlers that soon end when they are told; undefined: nobody can say. */
  readonly handlers: { readonly endsWhenTold?: boolean };
}

/** Sees after tasks that run long. */
export class TimeLimits {
  /** @param onTimeUp a task is over its time, and its handler may go on for ever: it has failed */
  constructor(
    private readonly options: TimeLimitsOptions,
    private readonly parts: TimeLimitsParts,
    private readonly onTimeUp: (run: TaskRun, reason: string) => void,
  ) {}

  /**
   * Ends what is over its time, and learns from what already runs longer than was expected. So a user whose first tasks
   * take hours is neither sent more of them than it can start nor charged for them as if they were short.
   *
   * @param now microseconds since the epoch
   */
  sweep(now: number): void {
    const { taskTimeoutMs = Number.POSITIVE_INFINITY, times } = this.options;
    for (const run of this.parts.tasks) {
      const elapsed = (now - run.startedAt) / 1000;
      if (elapsed >= taskTimeoutMs) {
        this.#timeOut(run, taskTimeoutMs);
        continue;
      }
      times.runsOn(run.task.lane, elapsed);
      this.parts.charges.runsOn(run, elapsed);
    }
  }

  #timeOut(run: TaskRun, ms: number): void {
    if (run.told) return;
    const reason = `it ran for longer than ${ms} ms (--task-timeout)`;
    this.parts.counts.ranTooLong();
    if (this.parts.handlers.endsWhenTold) {
      // The next attempt is not to run beside this one: it fails when it has ended.
      run.tell(new Error(reason));
      return;
    }
    run.giveUp(new Error(reason));
    this.onTimeUp(run, reason);
  }
}
