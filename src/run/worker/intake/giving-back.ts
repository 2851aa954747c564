import { isBlocked, type Lane, type Scheduler } from '../../../core/scheduling/scheduler.js';
import { PREFETCHED_AT_MOST_MICROS } from '../../../core/scheduling/tuning.js';
import type { Clock } from '../../../core/values/clock.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { ActiveQueues } from './active-queues.js';
import type { ServedQueue } from './served-queue.js';
import type { ServedQueues } from './served-queues.js';

/** Gives prefetched tasks back to the broker: those that others can start sooner, that are old, or all. */
export class GivingBack {
  readonly #yielded = new Set<ServedQueue>();

  constructor(
    private readonly served: ServedQueues,
    private readonly active: ActiveQueues,
    private readonly scheduler: Scheduler<DeliveredTask>,
    private readonly clock: Clock,
    private readonly onFailure: (error: Error) => void,
  ) {}

  /** Gives back the youngest prefetched task of the user that has most of a queue here. @returns whether there was one */
  one({ fullestLane }: ServedQueue): boolean {
    return fullestLane !== undefined && this.#oneIn(fullestLane);
  }

  #oneIn(lane: Lane<DeliveredTask>): boolean {
    const task = this.scheduler.takeBack(lane);
    if (task === undefined) return false;
    giveBack(task);
    return true;
  }

  /** Gives back every prefetched task of a queue. @returns how many */
  everyOf(queue: ServedQueue): number {
    let count = 0;
    while (this.one(queue)) count++;
    return count;
  }

  /** Gives back what is beyond the prefetch of a queue, as far as it has not started. */
  beyondPrefetch(queue: ServedQueue): void {
    while (queue.isOverfull && this.one(queue));
  }

  /**
   * Leaves tasks that cannot start soon to workers that can start them: gives back the youngest of
   * those users that have most here, and does not consume their queues until `takeUpAgain`, or they would
   * come straight back.
   *
   * @param mayGo whether another worker would take the tasks of this queue
   * @returns how many go back
   */
  toOthers(count: number, mayGo: (queue: string) => boolean): number {
    const parts = this.#partsOf(count, mayGo);
    let given = 0;
    for (const [queue, part] of parts) {
      if (part === 0) continue;
      given += part;
      this.#yield(queue)
        .then(() => {
          for (let i = 0; i < part && this.one(queue); i++);
        })
        .catch(this.onFailure);
    }
    return given;
  }

  /** How many of each queue: one by one in turn, those with most here first. */
  #partsOf(count: number, mayGo: (queue: string) => boolean): Map<ServedQueue, number> {
    const here = new Map<ServedQueue, number>();
    for (const { lane, source } of this.active) {
      // What a pause, a cap or a rate keeps here could start no sooner elsewhere.
      if (lane.prefetched.size === 0 || isBlocked(lane) || !mayGo(source.name)) continue;
      here.set(source, (here.get(source) ?? 0) + lane.prefetched.size);
    }
    const queues = [...here].sort(([, a], [, b]) => b - a);
    const parts = new Map<ServedQueue, number>(queues.map(([queue]) => [queue, 0]));
    let given = 0;
    for (let before = -1; given > before && given < count; ) {
      before = given;
      for (const [queue, part] of parts) {
        if (given === count) break;
        if (part === here.get(queue)) continue;
        parts.set(queue, part + 1);
        given++;
      }
    }
    return parts;
  }

  async #yield(queue: ServedQueue): Promise<void> {
    if (queue.yielded) return;
    queue.yield();
    this.#yielded.add(queue);
    await this.served.stop(queue.name);
  }

  /** Consumes again what was left to others. */
  takeUpAgain(): void {
    if (this.#yielded.size === 0) return;
    const atStake = this.served.anythingAtStake();
    for (const queue of this.#yielded) {
      this.#yielded.delete(queue);
      queue.takeBack(this.clock.now());
      if (this.served.isOpen && this.served.has(queue)) {
        this.served.consumeAnew(queue, atStake).catch(this.onFailure);
      }
    }
  }

  /** Gives back what has been here for so long that the broker would soon take it for lost. */
  old(): void {
    const before = this.clock.epochMicros() - PREFETCHED_AT_MOST_MICROS;
    for (const { lane } of this.active) {
      const oldest = lane.prefetched.first;
      if (oldest !== undefined && oldest.arrivedAt <= before) while (this.#oneIn(lane));
    }
  }

  /** Stops consuming; what is prefetched goes back to the broker, what runs may still be acknowledged. @returns how many */
  async all(): Promise<number> {
    await this.served.close();
    let count = 0;
    for (const queue of this.served.byName.values()) count += this.everyOf(queue);
    return count;
  }
}

/** To the broker, which delivers it again. */
export function giveBack(task: DeliveredTask): void {
  task.queue.wentBack();
  task.channel.giveBack(task.message.fields.deliveryTag);
}
