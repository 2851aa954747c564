import type { Delivery } from '../../../broker/connection/delivery.js';
import type { Lane } from '../../../core/scheduling/scheduler.js';
import type { DeliveredTask, TaskQueue } from '../task/delivered-task.js';

type TaskLane = Lane<DeliveredTask>;

/**
 * A queue that this worker consumes, or is about to: how many of its tasks are here, how many may be, and what is known
 * of those that wait on the broker. It is told what happens; nobody sets its figures. Moments are milliseconds on the
 * monotonic clock.
 *
 * Its tasks are those of one user (`ConsumedQueue`), or of many (`SpreadQueue`).
 */
export abstract class ServedQueue {
  #prefetch = 0;
  #outstanding = 0;
  #lastTraffic: number;
  #consumedSince: number;
  #backlog = 0;
  #served = 0;
  #resizing = false;
  #yielded = false;

  constructor(
    readonly name: string,
    now: number,
  ) {
    this.#lastTraffic = now;
    this.#consumedSince = now;
  }

  /** Its users that have tasks here, and maybe others. */
  abstract get users(): Iterable<ServedUser>;

  /** Whose task this is that it has delivered. */
  abstract userOf(message: Delivery): ServedUser;

  /** An operator has paused its user: nothing of it starts, and it is not consumed. */
  abstract get paused(): boolean;

  /** How many of its tasks may be unacknowledged here: the prefetch of its consumer. */
  get prefetch(): number {
    return this.#prefetch;
  }

  /** Deliveries that are not acknowledged: prefetched, running, or ended and not yet written down. */
  get outstanding(): number {
    return this.#outstanding;
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

  /** Not consumed for now: its tasks are left to workers that have free slots. */
  get yielded(): boolean {
    return this.#yielded;
  }

  /** The broker is being told of another prefetch. */
  get resizing(): boolean {
    return this.#resizing;
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

  /** The broker may be told of another prefetch. */
  get mayResize(): boolean {
    return !this.#resizing && !this.#yielded && !this.paused;
  }

  /** Of its users the one with most tasks waiting here; undefined where none waits. */
  get fullestLane(): TaskLane | undefined {
    let fullest: TaskLane | undefined;
    for (const { lane } of this.users) {
      if (lane.prefetched.size > (fullest?.prefetched.size ?? 0)) fullest = lane;
    }
    return fullest;
  }

  /** Of what waited when the queue was found, so much has a place here and has not come; at most `most` are counted. */
  lacking(most: number): number {
    if (this.paused) return 0;
    const due = Math.min(this.#prefetch, this.#backlog - this.#served, most);
    return Math.max(0, due - this.#outstanding);
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
  abstract consumerStarted(now: number): void;

  delivered(now: number): void {
    this.#outstanding++;
    this.#lastTraffic = now;
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

  /** Its tasks are left to other workers from here on. */
  yield(): void {
    this.#yielded = true;
  }

  /** It is taken up again: what is left to others ends here, be there a consumer or not. */
  takeBack(now: number): void {
    this.#yielded = false;
    this.#consumedSince = now;
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

  /** What waited when it was found, and what has ended since, is long ago. */
  protected forgetServed(): void {
    this.#served = 0;
    this.#backlog = 0;
  }
}

/** A user that has tasks here, had some a moment ago, or may have some in a moment. Moments are milliseconds. */
export interface ActiveUser {
  readonly lane: Lane<DeliveredTask>;
  /** Where its tasks come from. */
  readonly source: ServedQueue;
  readonly prefetch: number;
  /** Its deliveries that are not acknowledged. */
  readonly outstanding: number;
  readonly lastTraffic: number;
  readonly consumedSince: number;
  /** The prefetch has been full since the user last rested: the broker may have more. */
  readonly limited: boolean;
  /** Its tasks come. False while it rests, and before the first. */
  readonly isActive: boolean;
  readonly isFull: boolean;
  readonly isHalfEmpty: boolean;
  /** Nothing waits here for a slot, and the broker could send more. */
  readonly hasNothingToStart: boolean;
  /** More has come without a rest than the prefetch lets through at once. */
  readonly hasBacklog: boolean;
  /** Of what waited in the queue when it was found, not all has come. */
  readonly hasMoreToCome: boolean;
  /** It rests, and no longer counts in the prefetch of all. */
  countsNoMore(now: number): boolean;
  /** The user has run out. With a task here it goes on counting. */
  rest(now: number): void;
}

/** The same as the queue that its tasks come from, by their name. */
export type ServedUser = ActiveUser & TaskQueue;
