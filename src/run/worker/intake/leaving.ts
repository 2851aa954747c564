import type { Clock } from '../../../core/values/clock.js';
import type { QueueConsumers } from './queue-consumers.js';
import type { ServedQueue } from './served-queue.js';
import type { ServedQueues } from './served-queues.js';

/** Milliseconds. A queue that was left to a pruner, and is listed all the same, has been kept or made again by then. */
const LEFT_FOR_MS = 10_000;

/** What has become of queues that a pruner wants to have left; those that have no consumer here are in neither. */
export interface LeaveAnswer {
  readonly left: string[];
  readonly kept: string[];
}

/** Leaves queues to a pruner, which deletes them when nobody consumes them. */
export class Leaving {
  /** Queues that were left, and until when; milliseconds. */
  readonly #left = new Map<string, number>();

  constructor(
    private readonly served: ServedQueues,
    private readonly consumers: Pick<QueueConsumers, 'consumes'>,
    private readonly clock: Clock,
  ) {}

  /** Those of the queues that were not just left. */
  withoutLeft(names: readonly string[]): readonly string[] {
    const now = this.clock.now();
    for (const [name, until] of this.#left) if (now > until) this.#left.delete(name);
    return this.#left.size === 0 ? names : names.filter((name) => !this.#left.has(name));
  }

  /** A queue has just been made, or the pruner has kept it. */
  announced(name: string): void {
    this.#left.delete(name);
  }

  /**
   * A queue of which a task is here is not left, be it consumed at the moment or not: were it deleted, that task could
   * not be given back.
   */
  async leave(names: readonly string[]): Promise<LeaveAnswer> {
    const answer: LeaveAnswer = { left: [], kept: [] };
    await Promise.all(
      names.map(async (name) => {
        const queue = this.served.byName.get(name);
        if (queue === undefined || this.#hasNoConsumer(queue)) return;
        const isLeft = await this.#leaveOne(queue);
        (isLeft ? answer.left : answer.kept).push(name);
      }),
    );
    return answer;
  }

  /** No task of it is here, and none comes. */
  #hasNoConsumer(queue: ServedQueue): boolean {
    return queue.outstanding === 0 && (queue.yielded || queue.paused || !this.served.isOpen);
  }

  async #leaveOne(queue: ServedQueue): Promise<boolean> {
    const { name } = queue;
    if (!this.#isFree(queue) || !queue.mayResize || !this.consumers.consumes(name)) return false;
    await this.served.stop(name);
    if (this.#isFree(queue)) {
      this.#left.set(name, this.clock.now() + LEFT_FOR_MS);
      this.served.drop(queue);
      return true;
    }
    // A delivery was on its way.
    if (this.served.isOpen) await this.served.consumeAgain(queue, false);
    return false;
  }

  #isFree(queue: ServedQueue): boolean {
    return this.served.isOpen && queue.outstanding === 0;
  }
}
