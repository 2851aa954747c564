import type { AnnouncedTask, TaskEvent } from '../../core/events/task-event.js';
import type { TaskResult } from '../../core/events/task-result.js';
import { type Announced, isOf, stateOf, type TaskState } from '../../core/events/task-state.js';
import type { WorkersWord } from './worker-question.js';

/** What has been heard of one task in the streams, in the order of the streams. */
export class TaskTrail {
  readonly #events: TaskEvent[] = [];
  readonly #results: TaskResult[] = [];
  #announced: Announced | undefined;
  /** Events that had been heard when it was last said that it is sent. */
  #eventsBefore = 0;

  constructor(readonly id: string) {}

  /** Some publisher has ids of this making: what it says of all of them, and what is known already goes before. */
  isOfSeries(about: Announced): void {
    this.#announced = { ...about, ...this.#announced };
  }

  /** Its publisher says that it sends it. @param at microseconds since the epoch */
  announcedAs({ id: _, ...about }: AnnouncedTask, at: number | undefined): void {
    this.#announced = { ...this.#announced, sent: at, ...about };
    this.#eventsBefore = this.#events.length;
  }

  ended(event: TaskEvent): void {
    this.#events.push(event);
  }

  resulted(result: TaskResult): void {
    this.#results.push(result);
  }

  /** Its worker has written a result or a reason down, at some attempt. */
  get hasResult(): boolean {
    return this.#events.some(({ hasResult }) => hasResult);
  }

  /** What it has ended with was written down, and has not been heard. */
  get lacksResult(): boolean {
    const last = this.#events.at(-1);
    return last?.hasResult === true && !this.#results.some((result) => isOf(result, last));
  }

  /** It is known to be sent, and nothing is known to have become of it. */
  get isOnlyAnnounced(): boolean {
    return this.#announced !== undefined && this.#events.length === 0;
  }

  /** @param now microseconds since the epoch */
  state({ running, held }: WorkersWord, now: number): TaskState {
    const traces = {
      id: this.id,
      announced: this.#announced,
      isSentAgain: this.#eventsBefore > 0 && this.#eventsBefore === this.#events.length,
      events: this.#events,
      results: this.#results,
      running,
      held,
    };
    return stateOf(traces, now);
  }
}
