import { BURST_MS } from '../../../core/scheduling/tuning.js';
import type { DeliveredTask } from '../task/delivered-task.js';

/** Milliseconds. A handler that keeps the event loop for so long is remembered. */
const BLOCKING_MS = 1_000;

/** A handler that kept the event loop for so long, milliseconds. */
export interface LongCall {
  readonly task: DeliveredTask;
  readonly ms: number;
}

/** How long handlers keep the event loop: until they return, be it a promise. */
export class HandlerCalls {
  #lastMs = 0;
  #longest: LongCall | undefined;
  #block = false;

  /** How long the last handler of this burst kept it, milliseconds; 0 before the first. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** The last handler, of this burst or one before, kept it for long. */
  get block(): boolean {
    return this.#block;
  }

  burstBegins(): void {
    this.#lastMs = 0;
  }

  /** The handler of a task has returned. Moments are microseconds since the epoch. */
  returned(task: DeliveredTask, startedAt: number, at: number): void {
    const ms = (at - startedAt) / 1000;
    this.#lastMs = ms;
    this.#block = ms > BURST_MS;
    if (ms > BLOCKING_MS && ms > (this.#longest?.ms ?? 0)) this.#longest = { task, ms };
  }

  /** The task whose handler has kept it for longest, since this was asked last; undefined: none for long. */
  takeLongest(): LongCall | undefined {
    const longest = this.#longest;
    this.#longest = undefined;
    return longest;
  }
}
