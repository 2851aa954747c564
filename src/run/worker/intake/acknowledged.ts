import type { ConsumerChannel } from '../../../broker/consuming/consumers.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import { envelopeOf } from './orphans.js';

/**
 * Tasks whose acknowledgement has been written, and may not have reached the broker, which confirms none. It reads a
 * connection in order: what it confirms shows that it has read all that was written before.
 */
export class Acknowledged {
  #batches: (readonly DeliveredTask[])[] = [];
  #arrived = 0;

  /** Batches that have been acknowledged so far: a mark for `arrived`. */
  get count(): number {
    return this.#arrived + this.#batches.length;
  }

  add(tasks: readonly DeliveredTask[]): void {
    this.#batches.push(tasks);
  }

  /** What was written after so many batches has been confirmed. */
  arrived(count: number): void {
    if (count <= this.#arrived) return;
    this.#batches.splice(0, count - this.#arrived);
    this.#arrived = count;
  }

  /** Of this channel those that are done and may be delivered again. An envelope tells a task from another with its id. */
  *doubtful(channel: ConsumerChannel): Iterable<DeliveredTask> {
    for (const batch of this.#batches)
      for (const task of batch)
        if (
          task.completion !== undefined &&
          task.channel === channel &&
          envelopeOf(task.message) !== undefined
        )
          yield task;
  }
}
