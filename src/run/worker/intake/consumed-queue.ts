import type { Lane } from '../../../core/scheduling/scheduler.js';
import {
  FRESH_COUNTS_FOR_MS,
  KEEP_OF_NEEDED,
  RESTING_COUNTS_FOR_MS,
} from '../../../core/scheduling/tuning.js';
import type { DeliveredTask, TaskQueue } from '../task/delivered-task.js';
import type { ActiveUser } from './served-queue.js';
import { ServedQueue } from './served-queue.js';

/**
 * A queue of one user, or of a group that takes turns as one.
 *
 * A queue is *active* while its tasks come; it *rests* when its user has run out. At rest it counts in the prefetch of
 * all for a while.
 */
export class ConsumedQueue extends ServedQueue implements TaskQueue, ActiveUser {
  #limited = false;
  #needed = 0;
  #paused = false;
  #heldBack = false;
  /** Undefined while it is active. At rest, or before its first delivery, it counts until then. */
  #countsUntil: number | undefined = Number.POSITIVE_INFINITY;

  constructor(
    name: string,
    readonly lane: Lane<DeliveredTask>,
    now: number,
  ) {
    super(name, now);
  }

  get users(): readonly [ConsumedQueue] {
    return [this];
  }

  userOf(): this {
    return this;
  }

  get source(): ServedQueue {
    return this;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get limited(): boolean {
    return this.#limited;
  }

  /** The prefetch that it took to keep the slots busy; forgotten little by little. */
  get needed(): number {
    return this.#needed;
  }

  /** Its user could not start for a while: little of it is here until it may. */
  get heldBack(): boolean {
    return this.#heldBack;
  }

  get isActive(): boolean {
    return this.#countsUntil === undefined;
  }

  get hasNothingToStart(): boolean {
    return this.lane.prefetched.size === 0 && !this.isFull;
  }

  get hasBacklog(): boolean {
    return this.outstanding + this.served > this.prefetch;
  }

  get hasMoreToCome(): boolean {
    return this.served + this.outstanding < this.backlog;
  }

  /** Tasks that its user has, as far as one can tell: found waiting, or served without a rest by so many workers. */
  tasksKnown(workers: number): number {
    return Math.max(this.served * workers, this.backlog);
  }

  countsNoMore(now: number): boolean {
    return this.#countsUntil !== undefined && now >= this.#countsUntil;
  }

  consumerStarted(now: number): void {
    if (this.#countsUntil !== undefined) this.#countsUntil = now + FRESH_COUNTS_FOR_MS;
  }

  override delivered(now: number): void {
    super.delivered(now);
    this.#countsUntil = undefined;
    this.lane.late = this.prefetch;
    if (this.isFull) this.#limited = true;
  }

  /** Little of it is to be here from now on. */
  holdBack(): void {
    this.#heldBack = true;
  }

  /** Its user may start again. */
  letGo(): void {
    this.#heldBack = false;
  }

  /** Nothing of it starts from here on. */
  pause(): void {
    this.#paused = true;
  }

  /** Its tasks may start again. */
  resume(): void {
    this.#paused = false;
  }

  rest(now: number): void {
    if (this.outstanding > 0) return;
    this.#countsUntil = now + RESTING_COUNTS_FOR_MS;
    this.#needed = 0;
    this.#limited = false;
    this.forgetServed();
  }

  /** Slots were idle though its prefetch was full: so much is needed. */
  needs(prefetch: number): void {
    this.#needed = prefetch;
  }

  /** What was needed is a while ago. */
  needsLess(): void {
    this.#needed *= KEEP_OF_NEEDED;
  }
}
