import type { Lane } from '../../../core/scheduling/scheduler.js';
import {
  FRESH_COUNTS_FOR_MS,
  KEEP_OF_NEEDED,
  RESTING_COUNTS_FOR_MS,
} from '../../../core/scheduling/tuning.js';
import type { DeliveredTask, TaskQueue } from '../task/delivered-task.js';

/**
 * A queue that this worker consumes, or is about to: how many of its tasks are here, how many may be, and what is known
 * of those that wait on the broker. It is told what happens; nobody sets its figures. Moments are milliseconds on the
 * monotonic clock.
 *
 * A queue is *active* while its tasks come; it *rests* when its user has run out. At rest it counts in the prefetch of
 * all for a while.
 */
export class ConsumedQueue implements TaskQueue {
  #prefetch = 0;
  #outstanding = 0;
  #limited = false;
  #lastTraffic: number;
  #consumedSince: number;
  #backlog = 0;
  #served = 0;
  #needed = 0;
  #resizing = false;
  #yielded = false;
  #paused = false;
  #heldBack = false;
  /** Undefined while it is active. At rest, or before its first delivery, it counts until then. */
  #countsUntil: number | undefined = Number.POSITIVE_INFINITY;

  constructor(
    readonly name: string,
    readonly lane: Lane<DeliveredTask>,
    now: number,
  ) {
    this.#lastTraffic = now;
    this.#consumedSince = now;
  }

  /** How many of its tasks may be unacknowledged here: the prefetch of its consumer. */
  get prefetch(): number {
    return this.#prefetch;
  }

  /** Deliveries that are not acknowledged: prefetched, running, or ended and not yet written down. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** The prefetch has been full since the queue last rested: the broker may have more. */
  get limited(): boolean {
    return this.#limited;
  }

  /** When something last came from the broker, or was settled. */
  get lastTraffic(): number {
    return this.#lastTraffic;
  }

  /** Since when its tasks come here, and none is left to other workers. */
  get consumedSince(): number {
    return this.#consumedSince;
  }

  /** What waited in the queue when it was found; 0 once it has rested. */
  get backlog(): number {
    return this.#backlog;
  }

  /** Tasks that have ended since it last rested. */
  get served(): number {
    return this.#served;
  }

  /** The prefetch that it took to keep the slots busy; forgotten little by little. */
  get needed(): number {
    return this.#needed;
  }

  /** Not consumed for now: its tasks are left to workers that have free slots. */
  get yielded(): boolean {
    return this.#yielded;
  }

  /** An operator has paused its user: nothing of it starts, and it is not consumed. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Its user could not start for a while: little of it is here until it may. */
  get heldBack(): boolean {
    return this.#heldBack;
  }

  /** The broker is being told of another prefetch. */
  get resizing(): boolean {
    return this.#resizing;
  }

  /** Its tasks come. False while it rests, and before the first. */
  get isActive(): boolean {
    return this.#countsUntil === undefined;
  }

  /** The broker sends no more before something is acknowledged. */
  get isFull(): boolean {
    return this.#outstanding >= this.#prefetch;
  }

  /** A prefetch that was made smaller is still exceeded. */
  get isOverfull(): boolean {
    return this.#outstanding > this.#prefetch;
  }

  /** The broker could send at least as much as is here. */
  get isHalfEmpty(): boolean {
    return this.#outstanding * 2 < this.#prefetch;
  }

  /** Nothing waits here for a slot, and the broker could send more. */
  get hasNothingToStart(): boolean {
    return this.lane.prefetched.size === 0 && !this.isFull;
  }

  /** More has come without a rest than the prefetch lets through at once. */
  get hasBacklog(): boolean {
    return this.#outstanding + this.#served > this.#prefetch;
  }

  /** Of what waited in the queue when it was found, not all has come. */
  get hasMoreToCome(): boolean {
    return this.#served + this.#outstanding < this.#backlog;
  }

  /** The broker may be told of another prefetch. */
  get mayResize(): boolean {
    return !this.#resizing && !this.#yielded && !this.#paused;
  }

  /** Tasks that its user has, as far as one can tell: found waiting, or served without a rest by so many workers. */
  tasksKnown(workers: number): number {
    return Math.max(this.#served * workers, this.#backlog);
  }

  /** Of what waited when the queue was found, so much has a place here and has not come; at most `most` are counted. */
  lacking(most: number): number {
    if (this.#paused) return 0;
    const due = Math.min(this.#prefetch, this.#backlog - this.#served, most);
    return Math.max(0, due - this.#outstanding);
  }

  /** It rests, and no longer counts in the prefetch of all. */
  countsNoMore(now: number): boolean {
    return this.#countsUntil !== undefined && now >= this.#countsUntil;
  }

  /** The broker has said how many tasks wait in it. */
  found(backlog: number): void {
    this.#backlog = backlog;
  }

  /** Its consumer starts, with this prefetch. */
  consumed(prefetch: number, now: number): void {
    this.#prefetch = prefetch;
    this.#consumedSince = now;
    this.#yielded = false;
  }

  /** Its consumer has started: what waits is on its way. */
  consumerStarted(now: number): void {
    if (this.#countsUntil !== undefined) this.#countsUntil = now + FRESH_COUNTS_FOR_MS;
  }

  delivered(now: number): void {
    this.#countsUntil = undefined;
    this.#outstanding++;
    this.#lastTraffic = now;
    this.lane.late = this.#prefetch;
    if (this.#outstanding >= this.#prefetch) this.#limited = true;
  }

  settled(now: number): void {
    this.#outstanding--;
    this.#served++;
    this.#lastTraffic = now;
  }

  /** A delivery is not here any more, and its task has not ended: given back, lost with its channel, or moved away. */
  wentBack(): void {
    this.#outstanding--;
  }

  /** A settled task was delivered again, and is to be settled once more. */
  cameBack(): void {
    this.#outstanding++;
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

  /** Its tasks are left to other workers from here on. */
  yield(): void {
    this.#yielded = true;
  }

  /** It is taken up again: what is left to others ends here, be there a consumer or not. */
  takeBack(now: number): void {
    this.#yielded = false;
    this.#consumedSince = now;
  }

  /** Its user has run out. With a task here it goes on counting. */
  rest(now: number): void {
    if (this.#outstanding > 0) return;
    this.#countsUntil = now + RESTING_COUNTS_FOR_MS;
    this.#needed = 0;
    this.#limited = false;
    this.#served = 0;
    this.#backlog = 0;
  }

  /** Slots were idle though its prefetch was full: so much is needed. */
  needs(prefetch: number): void {
    this.#needed = prefetch;
  }

  /** What was needed is a while ago. */
  needsLess(): void {
    this.#needed *= KEEP_OF_NEEDED;
  }

  /** The broker is told of another prefetch, which counts from here on. */
  resize(prefetch: number): void {
    this.#resizing = true;
    this.#prefetch = prefetch;
  }

  /** The broker knows the prefetch. */
  resized(): void {
    this.#resizing = false;
  }
}
