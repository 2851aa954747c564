import { decodeCompletions } from '../../../core/events/event-codec.js';
import type { TaskEvent } from '../../../core/events/task-event.js';

/**
 * Completions of tasks whose acknowledgement has been written, and may not have reached the broker, which confirms none.
 * It reads a connection in order: what it confirms shows that it has read all that was written before.
 *
 * They are kept as the text that went into the event stream. Kept as objects, of thousands of tasks at a time, they cost
 * the garbage collector more than the tasks themselves.
 */
export class Acknowledged {
  #batches: string[] = [];
  #arrived = 0;

  /** Batches that have been acknowledged so far: a mark for `arrived`. */
  get count(): number {
    return this.#arrived + this.#batches.length;
  }

  /** @param completions the body of their message in the event stream */
  add(completions: string): void {
    this.#batches.push(completions);
  }

  /** What was written after so many batches has been confirmed. */
  arrived(count: number): void {
    if (count <= this.#arrived) return;
    this.#batches.splice(0, count - this.#arrived);
    this.#arrived = count;
  }

  /** Gives up those that are done and may be delivered again. */
  takeDone(): TaskEvent[] {
    const batches = this.#batches;
    this.#arrived = this.count;
    this.#batches = [];
    return batches.flatMap(doneIn);
  }
}

/** The successes among the completions of a message. */
export function doneIn(completions: string): TaskEvent[] {
  return decodeCompletions(completions)?.filter(({ outcome }) => outcome === 'done') ?? [];
}
