import type { Delivery } from '../../../broker/connection/delivery.js';
import { decodeEnvelope } from '../../../core/message/envelope.js';
import { decodeText, NO_USER } from '../../../core/queues/names.js';
import type { Lane } from '../../../core/scheduling/scheduler.js';
import { CROWDED_FOR_MS, RESTING_COUNTS_FOR_MS } from '../../../core/scheduling/tuning.js';
import type { DeliveredTask, TaskQueue } from '../task/delivered-task.js';
import { type ActiveUser, ServedQueue } from './served-queue.js';

/** Milliseconds. So long after the last move others may still wait behind what is to be moved. */
const MOVING_FOR_MS = 500;

/** A queue that light users share. It knows those of them that have tasks here, or had some a moment ago. */
export class SpreadQueue extends ServedQueue {
  readonly #users = new Map<string, LightUser>();
  #limited = false;
  #movedAt = Number.NEGATIVE_INFINITY;
  #crowdedAt = Number.NEGATIVE_INFINITY;
  /** Of whom more waits here than that is heavy. Who decides on the prefetch writes it. */
  mostOfOne = 1;
  /** Of whom more waits here may be heavy: a larger prefetch shows it. Who decides on the prefetch writes it. */
  muchOfOne = 1;

  /** @param meet what is known of a user at first */
  constructor(
    name: string,
    private readonly meet: (user: string, queue: SpreadQueue) => LightUser,
    now: number,
  ) {
    super(name, now);
  }

  get users(): Iterable<LightUser> {
    return this.#users.values();
  }

  /** Users are paused; this is several users' queue. */
  get paused(): boolean {
    return false;
  }

  /** The prefetch has been full since the queue was last empty: the broker may have more. */
  get limited(): boolean {
    return this.#limited;
  }

  /** Undefined where nothing of this user is here. */
  user(name: string): LightUser | undefined {
    return this.#users.get(name);
  }

  userOf(message: Delivery): LightUser {
    const name = this.#nameOf(message);
    let user = this.#users.get(name);
    if (user === undefined) {
      user = this.meet(name, this);
      this.#users.set(name, user);
    }
    return user;
  }

  /** Nothing of the user is here any more. */
  forget({ lane }: LightUser): void {
    this.#users.delete(lane.user);
  }

  /** A task of it is moved to its user's own queue. */
  moved(now: number): void {
    this.#movedAt = now;
  }

  /** Tasks of a heavy user come out of it, and others wait behind them. */
  isMoving(now: number): boolean {
    return now - this.#movedAt < MOVING_FOR_MS;
  }

  /** Much of one user waits here. */
  crowded(now: number): void {
    this.#crowdedAt = now;
  }

  /** One user has much of the prefetch, or had a moment ago. */
  isCrowded(now: number): boolean {
    return now - this.#crowdedAt < CROWDED_FOR_MS;
  }

  consumerStarted(): void {}

  override delivered(now: number): void {
    super.delivered(now);
    if (this.isFull) this.#limited = true;
  }

  override settled(now: number): void {
    super.settled(now);
    if (this.outstanding > 0) return;
    this.#limited = false;
    this.forgetServed();
  }

  /** The routing key says it, as it says which queue a user has. What was sent to this queue by its name, or with no key, says it itself. */
  #nameOf({ fields, properties }: Delivery): string {
    const { routingKey } = fields;
    const isSaid = routingKey === this.name || routingKey === '';
    // What is not encoded is as it is. Another program may not encode its users as fairq does.
    if (!isSaid) return routingKey.includes('%') ? (decodeText(routingKey) ?? routingKey) : routingKey;
    return decodeEnvelope(properties.headers).user || routingKey || NO_USER;
  }
}

/**
 * A user that shares a spread queue with others, and has tasks of it here. For what comes after, such as the next attempt
 * of a task, these tasks are of the user's own queue: who brings them back lets the broker find where they go.
 */
export class LightUser implements TaskQueue, ActiveUser {
  /** What is set for it only a queue of its own can keep: nothing of it is to start before it has one. */
  isToHaveQueue = false;
  #outstanding = 0;
  #lastTraffic: number;
  #countsUntil: number | undefined;

  /** @param name of the user's own queue, be it there or not */
  constructor(
    readonly name: string,
    readonly lane: Lane<DeliveredTask>,
    readonly source: SpreadQueue,
    now: number,
  ) {
    this.#lastTraffic = now;
  }

  get paused(): boolean {
    return false;
  }

  get prefetch(): number {
    return this.source.prefetch;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  get lastTraffic(): number {
    return this.#lastTraffic;
  }

  get consumedSince(): number {
    return this.source.consumedSince;
  }

  get limited(): boolean {
    return this.source.limited;
  }

  get isActive(): boolean {
    return this.#countsUntil === undefined;
  }

  get isFull(): boolean {
    return this.source.isFull && this.lane.prefetched.size > 0;
  }

  get isHalfEmpty(): boolean {
    return this.source.isHalfEmpty;
  }

  /** More of it waits here than is to be of one user in a spread queue. */
  get isHeavy(): boolean {
    return this.lane.prefetched.size > this.source.mostOfOne;
  }

  /** So much of it waits here that it may be heavy. */
  get mayBeHeavy(): boolean {
    return this.lane.prefetched.size > this.source.muchOfOne;
  }

  get hasNothingToStart(): boolean {
    return this.lane.prefetched.size === 0;
  }

  /** Nobody can tell: what comes next out of the queue may be anybody's. */
  get hasBacklog(): boolean {
    return false;
  }

  get hasMoreToCome(): boolean {
    return false;
  }

  countsNoMore(now: number): boolean {
    return this.#countsUntil !== undefined && now >= this.#countsUntil;
  }

  delivered(now: number): void {
    this.source.delivered(now);
    this.#outstanding++;
    this.#lastTraffic = now;
    this.#countsUntil = undefined;
    this.lane.late = this.source.prefetch;
  }

  settled(now: number): void {
    this.source.settled(now);
    this.#outstanding--;
    this.#lastTraffic = now;
  }

  wentBack(): void {
    this.source.wentBack();
    this.#outstanding--;
  }

  cameBack(): void {
    this.source.cameBack();
    this.#outstanding++;
  }

  rest(now: number): void {
    if (this.#outstanding === 0) this.#countsUntil = now + RESTING_COUNTS_FOR_MS;
  }
}
