import type { Lane } from './scheduler.js';
import { FirstTimes, followed, typicalTaskMs } from './task-time.js';
import { FIRST_TASKS, LONG_MS } from './tuning.js';

type TimedLane = Pick<Lane<unknown>, 'taskMs'>;

/** How long tasks take at this worker: of all users, and of each. Nobody else writes the `taskMs` of a lane. */
export class TaskTimes {
  readonly #firstTimes = new FirstTimes<TimedLane>(FIRST_TASKS);
  #allMs: number | undefined;
  /**
   * Until the first tasks have ended: how long a task of a lane has run that runs on. Short tasks end first, so a median
   * of what has ended knows nothing of it.
   */
  readonly #runningMs = new Map<TimedLane, number>();

  /** Typical of all users, milliseconds; undefined before the first task has ended. */
  get allMs(): number | undefined {
    return this.#allMs;
  }

  /** A task of this lane has ended after so many milliseconds. */
  ended(lane: TimedLane, ms: number): void {
    if (this.#firstTimes.complete) {
      lane.taskMs = followed(lane.taskMs, ms, this.#allMs);
      this.#allMs = followed(this.#allMs, ms);
    } else {
      const typical = this.#firstTimes.add(lane, ms);
      const runningMs = this.#runningMs.get(lane) ?? 0;
      // The task that ran for so long has ended, if its time is not less.
      if (ms >= runningMs) this.#runningMs.delete(lane);
      lane.taskMs = ms < runningMs ? Math.max(runningMs, typical.own ?? 0) : typical.own;
      this.#allMs = typical.all;
      if (this.#firstTimes.complete) this.#runningMs.clear();
    }
  }

  /** A task of this lane has run for so many milliseconds, and runs on: what is known of the lane may be too short. */
  runsOn(lane: TimedLane, ms: number): void {
    if (ms <= LONG_MS) return;
    if (!this.#firstTimes.complete && ms > (this.#runningMs.get(lane) ?? 0)) this.#runningMs.set(lane, ms);
    if (ms > (lane.taskMs ?? 0)) lane.taskMs = ms;
  }

  /** How long the next task of this lane may take, milliseconds; undefined while nobody can tell. */
  typicalOf(lane: TimedLane): number | undefined {
    return typicalTaskMs(lane, this.#allMs);
  }
}
