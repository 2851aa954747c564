import {
  calmSpreadPrefetch,
  type Prefetch,
  type PrefetchNeeds,
  prefetchFor,
  spreadPrefetch,
  widened,
} from '../../../core/scheduling/prefetch.js';
import { isBlocked } from '../../../core/scheduling/scheduler.js';
import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import { GROW_BY, MOVING_PREFETCH, NO_TIME_MS, SHRINK_BY } from '../../../core/scheduling/tuning.js';
import type { ActiveQueues } from './active-queues.js';
import { ConsumedQueue } from './consumed-queue.js';
import type { QueueConsumers } from './queue-consumers.js';
import type { ActiveUser, ServedQueue } from './served-queue.js';
import { SpreadQueue } from './spread-queue.js';

export interface PrefetchOptions {
  readonly concurrency: number;
  /** A fixed prefetch, or undefined for one that adapts. */
  readonly prefetch: number | undefined;
  /** Workers that share the load, this one included. */
  workers(): number;
  /** Spread queues that are served. */
  spreadQueues(): number;
}

export interface PrefetchListener {
  /** The broker knows the new prefetch; what is prefetched beyond it may go back. */
  onResized(queue: ServedQueue, prefetch: Prefetch): void;
  onFailure(error: Error): void;
}

/** Keeps the prefetch of each queue as large as short tasks need and as small as long ones allow. */
export class PrefetchControl {
  /** The smallest and the largest prefetch that a queue has had here. */
  smallest: number | undefined;
  largest: Prefetch | undefined;
  readonly #resizes = new Set<Promise<void>>();

  constructor(
    private readonly options: PrefetchOptions,
    private readonly times: TaskTimes,
    private readonly active: ActiveQueues,
    private readonly consumers: Pick<QueueConsumers, 'resize'>,
    private readonly listener: PrefetchListener,
  ) {}

  /** The prefetch with which the consumer of a queue starts. */
  first(queue: ServedQueue): number {
    const prefetch =
      queue instanceof ConsumedQueue
        ? this.#prefetchFor(this.#needsOf(queue))
        : this.#spreadPrefetch(queue, 0);
    this.#note(prefetch);
    return prefetch.size;
  }

  /** Workers that share the load, this one included. */
  get workers(): number {
    return this.options.workers();
  }

  /** Several workers run tasks of no time: how fast the broker delivers is what limits them. */
  get brokerLimits(): boolean {
    return this.options.prefetch === undefined && this.workers > 1 && (this.times.allMs ?? 1) < NO_TIME_MS;
  }

  /**
   * @param starving a slot is free while nothing here may start
   * @param shrink whether the prefetch may become smaller
   */
  adjust(queue: ActiveUser, starving: boolean, shrink: boolean): void {
    if (!(queue instanceof ConsumedQueue)) return; // what it shares with others is adjusted for all of them
    if (this.options.prefetch !== undefined || !queue.mayResize) return;
    if (queue.heldBack) {
      if (isBlocked(queue.lane)) return;
      queue.letGo();
    }
    const needs = this.#needsOf(queue);
    let wanted = this.#prefetchFor(needs);
    // This user may have more tasks than its prefetch lets through.
    if (starving && queue.isFull && !isBlocked(queue.lane)) queue.needs(widened(needs, queue.prefetch));
    else if (shrink) queue.needsLess();
    const needed = Math.floor(queue.needed);
    if (needed > wanted.size) wanted = { size: needed, reason: 'starved' };
    const grows = wanted.size >= queue.prefetch * GROW_BY && queue.limited;
    const shrinks = shrink && wanted.size * SHRINK_BY <= queue.prefetch;
    if (grows || shrinks) this.#resize(queue, wanted);
  }

  /**
   * Gives a spread queue the prefetch that it is to have among so many workers. A smaller one while no user has much of
   * it. A larger one while tasks are moved out of it: who waits behind them waits for as many round trips.
   */
  adjustSpread(queue: SpreadQueue, now: number): void {
    const wanted = this.#spreadPrefetch(queue, now);
    if (queue.mayResize && queue.prefetch !== wanted.size) this.#resize(queue, wanted);
  }

  /** Until its lane is let go, one task waits here beside what runs. */
  holdBack(queue: ConsumedQueue): void {
    if (this.options.prefetch !== undefined || !queue.mayResize) return;
    const size = queue.outstanding - queue.lane.prefetched.size + 1;
    queue.holdBack();
    if (size < queue.prefetch) this.#resize(queue, { size, reason: 'held-back' });
  }

  /** Adjusts the prefetch of all active queues. Resolves when the broker knows every one. */
  async adjustAll(): Promise<void> {
    this.active.weigh();
    for (const queue of this.active) this.adjust(queue, false, true);
    await Promise.all(this.#resizes);
  }

  #prefetchFor(needs: PrefetchNeeds): Prefetch {
    const { prefetch } = this.options;
    return prefetch === undefined ? prefetchFor(needs) : { size: prefetch, reason: 'fixed' };
  }

  #spreadPrefetch(queue: ServedQueue, now: number): Prefetch {
    const { prefetch } = this.options;
    const size = prefetch ?? spreadPrefetch(this.options.spreadQueues(), this.workers);
    if (!(queue instanceof SpreadQueue)) return { size, reason: 'spread' };
    queue.mostOfOne = Math.max(1, size / 2);
    queue.muchOfOne = queue.mostOfOne;
    if (prefetch !== undefined) return { size, reason: 'fixed' };
    if (queue.isMoving(now)) return { size: size * MOVING_PREFETCH, reason: 'spread' };
    const calm = calmSpreadPrefetch(this.options.spreadQueues(), size);
    queue.muchOfOne = Math.max(1, calm / 2);
    return { size: queue.isCrowded(now) ? size : calm, reason: 'spread' };
  }

  #needsOf(queue: ConsumedQueue): PrefetchNeeds {
    const share = this.active.shareOf(queue);
    const { workers } = this;
    return {
      concurrency: this.options.concurrency,
      activeUsers: this.active.size,
      weightShare: share.ofWeight,
      slotShare: share.ofSlots,
      workers,
      taskMs: this.times.typicalOf(queue.lane),
      backlog: queue.tasksKnown(workers),
    };
  }

  #resize(queue: ServedQueue, prefetch: Prefetch): void {
    queue.resize(prefetch.size);
    this.#note(prefetch);
    const resized = this.consumers
      .resize(queue.name, prefetch.size)
      .then(() => {
        queue.resized();
        this.listener.onResized(queue, prefetch);
      })
      .catch((error) => this.listener.onFailure(error))
      .finally(() => this.#resizes.delete(resized));
    this.#resizes.add(resized);
  }

  #note(prefetch: Prefetch): void {
    if (this.smallest === undefined || prefetch.size < this.smallest) this.smallest = prefetch.size;
    if (this.largest === undefined || prefetch.size > this.largest.size) this.largest = prefetch;
  }
}
