import { type Charging, timeCharge } from '../../../core/scheduling/charging.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { TaskRun } from './task-run.js';

/** Puts right what users are charged for tasks whose time is charged: nobody knows it when they start. */
export class TimeCharges {
  readonly #byTime: boolean;

  constructor(
    charging: Charging,
    private readonly scheduler: Pick<Scheduler<DeliveredTask>, 'correct'>,
  ) {
    this.#byTime = charging === 'time';
  }

  /** The task has run for so many milliseconds, and runs on. */
  runsOn(run: TaskRun, ms: number): void {
    if (this.#byTime && ms > run.charged) this.#charge(run, ms);
  }

  /** The task has ended after so many milliseconds. */
  ended(run: TaskRun, ms: number): void {
    if (this.#byTime) this.#charge(run, timeCharge(ms));
  }

  /** @param charge in all */
  #charge(run: TaskRun, charge: number): void {
    this.scheduler.correct(run.task.lane, charge - run.charged);
    run.charged = charge;
  }
}
