import type { Consumers } from '../../../broker/consuming/consumers.js';
import { NO_TIME_MS, typicalTaskMs } from '../../../core/scheduling/task-time.js';
import { type Window, type WindowNeeds, widened, windowFor } from '../../../core/scheduling/windows.js';
import type { Source } from '../task/held-task.js';
import type { Awake } from './awake.js';

export interface WindowOptions {
  readonly concurrency: number;
  /** A fixed window, or undefined for one that adapts. */
  readonly prefetch: number | undefined;
}

export interface WindowListener {
  /** The broker knows the new window; what is held beyond it may go back. */
  onResized(source: Source, window: Window): void;
  onFailure(error: Error): void;
}

/** A window that is too small grows when so much larger a one is wanted; less is not worth telling the broker. */
const GROW_BY = 1.5;
/** How slow the broker answers changes: of what it took to keep the slots busy so much is kept each time. */
const KEEP_OF_NEEDED = 0.95;

/** Keeps each queue's window as large as short tasks need and as small as long ones allow. */
export class WindowControl {
  /** Workers that serve queues of this one, and itself; set by whoever knows. */
  workers = 1;
  /** Mean run time of all tasks here, for users whose own is not known yet. */
  taskMs: number | undefined;
  /** The smallest and the largest window that a queue has had here. */
  smallest: number | undefined;
  largest: Window | undefined;
  readonly #resizes = new Set<Promise<void>>();

  constructor(
    private readonly options: WindowOptions,
    private readonly awake: Awake,
    private readonly consumers: Consumers<Source>,
    private readonly listener: WindowListener,
  ) {}

  first(source: Source): number {
    const window = this.#windowFor(this.#needsOf(source));
    this.#note(window);
    return window.size;
  }

  /** Several workers run tasks of no time: how fast the broker delivers is what limits them. */
  get brokerLimits(): boolean {
    return this.options.prefetch === undefined && this.workers > 1 && (this.taskMs ?? 1) < NO_TIME_MS;
  }

  /** @param starving a slot is free while nothing is held here */
  fit(source: Source, starving: boolean, shrink: boolean): void {
    if (this.options.prefetch !== undefined || source.resizing || source.yielded) return;
    const needs = this.#needsOf(source);
    let wanted = this.#windowFor(needs);
    // This user may have more tasks than its window lets through.
    if (starving && source.outstanding >= source.window) {
      source.needed = widened(needs, source.window);
    } else if (shrink) source.needed *= KEEP_OF_NEEDED;
    const needed = Math.floor(source.needed);
    if (needed > wanted.size) wanted = { size: needed, reason: 'starved' };
    const grows = wanted.size >= source.window * GROW_BY && source.limited;
    const shrinks = shrink && wanted.size * 2 <= source.window;
    if (grows || shrinks) this.#resize(source, wanted);
  }

  /** Fits the windows of all users with tasks here, and resolves when the broker knows them. */
  async fitAll(): Promise<void> {
    this.awake.weigh(this.taskMs);
    for (const source of this.awake) this.fit(source, false, true);
    await Promise.all(this.#resizes);
  }

  #windowFor(needs: WindowNeeds): Window {
    const { prefetch } = this.options;
    return prefetch === undefined ? windowFor(needs) : { size: prefetch, reason: 'fixed' };
  }

  #needsOf(source: Source): WindowNeeds {
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

  #resize(source: Source, window: Window): void {
    source.resizing = true;
    source.window = window.size;
    this.#note(window);
    const resized = this.consumers
      .resize(source.queue, window.size)
      .then(() => {
        source.resizing = false;
        this.listener.onResized(source, window);
      })
      .catch((error) => this.listener.onFailure(error))
      .finally(() => this.#resizes.delete(resized));
    this.#resizes.add(resized);
  }

  #note(window: Window): void {
    if (this.smallest === undefined || window.size < this.smallest) this.smallest = window.size;
    if (this.largest === undefined || window.size > this.largest.size) this.largest = window;
  }
}
