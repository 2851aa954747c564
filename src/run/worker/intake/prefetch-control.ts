import type { Consumers } from '../../../broker/consuming/consumers.js';
import {
  type Prefetch,
  type PrefetchNeeds,
  prefetchFor,
  widened,
} from '../../../core/scheduling/prefetch.js';
import { NO_TIME_MS, typicalTaskMs } from '../../../core/scheduling/task-time.js';
import type { ConsumedQueue } from '../task/delivered-task.js';
import type { ActiveQueues } from './active-queues.js';

export interface PrefetchOptions {
  readonly concurrency: number;
  /** A fixed window, or undefined for one that adapts. */
  readonly prefetch: number | undefined;
}

export interface PrefetchListener {
  /** The broker knows the new window; what is held beyond it may go back. */
  onResized(source: ConsumedQueue, window: Prefetch): void;
  onFailure(error: Error): void;
}

/** A window that is too small grows when so much larger a one is wanted; less is not worth telling the broker. */
const GROW_BY = 1.5;
/** How slow the broker answers changes: of what it took to keep the slots busy so much is kept each time. */
const KEEP_OF_NEEDED = 0.95;

/** Keeps each queue's window as large as short tasks need and as small as long ones allow. */
export class PrefetchControl {
  /** Workers that serve queues of this one, and itself; set by whoever knows. */
  workers = 1;
  /** Mean run time of all tasks here, for users whose own is not known yet. */
  taskMs: number | undefined;
  /** The smallest and the largest window that a queue has had here. */
  smallest: number | undefined;
  largest: Prefetch | undefined;
  readonly #resizes = new Set<Promise<void>>();

  constructor(
    private readonly options: PrefetchOptions,
    private readonly awake: ActiveQueues,
    private readonly consumers: Consumers<ConsumedQueue>,
    private readonly listener: PrefetchListener,
  ) {}

  first(source: ConsumedQueue): number {
    const window = this.#prefetchFor(this.#needsOf(source));
    this.#note(window);
    return window.size;
  }

  /** Several workers run tasks of no time: how fast the broker delivers is what limits them. */
  get brokerLimits(): boolean {
    return this.options.prefetch === undefined && this.workers > 1 && (this.taskMs ?? 1) < NO_TIME_MS;
  }

  /** @param starving a slot is free while nothing is held here */
  adjust(source: ConsumedQueue, starving: boolean, shrink: boolean): void {
    if (this.options.prefetch !== undefined || source.resizing || source.yielded) return;
    const needs = this.#needsOf(source);
    let wanted = this.#prefetchFor(needs);
    // This user may have more tasks than its window lets through.
    if (starving && source.outstanding >= source.prefetch) {
      source.needed = widened(needs, source.prefetch);
    } else if (shrink) source.needed *= KEEP_OF_NEEDED;
    const needed = Math.floor(source.needed);
    if (needed > wanted.size) wanted = { size: needed, reason: 'starved' };
    const grows = wanted.size >= source.prefetch * GROW_BY && source.limited;
    const shrinks = shrink && wanted.size * 2 <= source.prefetch;
    if (grows || shrinks) this.#resize(source, wanted);
  }

  /** Fits the windows of all users with tasks here, and resolves when the broker knows them. */
  async adjustAll(): Promise<void> {
    this.awake.weigh(this.taskMs);
    for (const source of this.awake) this.adjust(source, false, true);
    await Promise.all(this.#resizes);
  }

  #prefetchFor(needs: PrefetchNeeds): Prefetch {
    const { prefetch } = this.options;
    return prefetch === undefined ? prefetchFor(needs) : { size: prefetch, reason: 'fixed' };
  }

  #needsOf(source: ConsumedQueue): PrefetchNeeds {
    const share = this.awake.shareOf(source, this.taskMs);
    return {
      concurrency: this.options.concurrency,
      activeUsers: this.awake.size,
      weightShare: share.ofWeight,
      slotShare: share.ofSlots,
      workers: this.workers,
      taskMs: typicalTaskMs(source.lane, this.taskMs),
      backlog: Math.max(source.served * this.workers, source.backlog),
    };
  }

  #resize(source: ConsumedQueue, window: Prefetch): void {
    source.resizing = true;
    source.prefetch = window.size;
    this.#note(window);
    const resized = this.consumers
      .resize(source.name, window.size)
      .then(() => {
        source.resizing = false;
        this.listener.onResized(source, window);
      })
      .catch((error) => this.listener.onFailure(error))
      .finally(() => this.#resizes.delete(resized));
    this.#resizes.add(resized);
  }

  #note(window: Prefetch): void {
    if (this.smallest === undefined || window.size < this.smallest) this.smallest = window.size;
    if (this.largest === undefined || window.size > this.largest.size) this.largest = window;
  }
}
