import type { Gate } from './gate.js';
import {
  type Before,
  isBlocked,
  type Lane,
  type LaneKey,
  Lanes,
  type Scheduler,
  type Tenant,
  type Tenants,
} from './scheduler.js';

/** What schedulers have in common, in whatever order they start tasks: lanes, what is in them, and their gates. */
export abstract class LaneScheduler<T> implements Scheduler<T> {
  protected readonly lanes: Lanes<T>;
  #prefetched = 0;
  /** Prefetched in lanes that are blocked, or whose tenants are. */
  #held = 0;

  /** @param weightOf a user's share against the others, above 0 */
  constructor(weightOf: (user: string) => number = () => 1, tenantOf?: (user: string) => Tenant | undefined) {
    this.lanes = new Lanes(weightOf, tenantOf);
  }

  get prefetched(): number {
    return this.#prefetched;
  }

  get startable(): number {
    return this.#prefetched - this.#held;
  }

  get tenants(): Tenants | undefined {
    return undefined;
  }

  lane(user: string, key?: LaneKey): Lane<T> {
    return this.lanes.of(user, key);
  }

  forget(lane: Lane<T>, key: LaneKey): void {
    if (lane.prefetched.size === 0 && lane.resting && !lane.blocked) this.lanes.forget(key);
  }

  push(lane: Lane<T>, task: T): void {
    lane.prefetched.push(task);
    this.#count(lane, 1);
    if (lane.slot >= 0 || lane.prefetched.size > 1) return;
    this.begin(lane);
    if (lane.blocked) lane.gate?.arrived?.();
    else if (lane.tenant?.blocked) lane.tenant.gate?.arrived?.();
  }

  next(): T | undefined {
    for (;;) {
      const lane = this.first();
      if (lane === undefined) return undefined;
      if (this.passes(lane)) return this.start(lane);
    }
  }

  takeBack(lane: Lane<T>): T | undefined {
    const task = lane.prefetched.pop();
    if (task !== undefined) this.#gone(lane, 1);
    return task;
  }

  dropUnless(keep: (task: T) => boolean): void {
    for (const lane of this.lanes.all()) {
      const before = lane.prefetched.size;
      if (before === 0) continue;
      lane.prefetched.filter(keep);
      const gone = before - lane.prefetched.size;
      if (gone > 0) this.#gone(lane, gone);
    }
  }

  /** A resting lane would begin as a new one does: to forget it changes no turn. */
  abstract isPast(lane: Lane<T>): boolean;
  abstract before(lane: Lane<T>): Before | undefined;
  abstract correct(lane: Lane<T>, difference: number): void;
  abstract rest(lane: Lane<T>): void;
  abstract note(moment: number): void;
  abstract goOn(lane: Lane<T>, since: number): void;
  abstract arrange(lanes: readonly Lane<T>[]): void;
  abstract setWeight(lane: Lane<T>, weight: number): void;

  setGate(lane: Lane<T>, gate: Gate | undefined): void {
    if (gate === lane.gate) return;
    lane.gate = gate;
    this.letGo(lane, false);
  }

  letGo(lane: Lane<T>, credit: boolean): void {
    if (!lane.blocked) return;
    this.#count(lane, -lane.prefetched.size);
    this.unblock(lane, credit);
    this.#count(lane, lane.prefetched.size);
  }

  admits(lane: Lane<T>): boolean {
    return !isBlocked(lane) && this.passes(lane);
  }

  gateOf(lane: Lane<T>): Gate | undefined {
    return lane.gate;
  }

  /** The lane whose turn it is. */
  protected abstract first(): Lane<T> | undefined;
  /** The lane has something to start again. */
  protected abstract begin(lane: Lane<T>): void;
  /** The lane has had its turn; its task is out. */
  protected abstract served(lane: Lane<T>): void;
  /** A lane that takes turns has got other tasks at its front, or none. */
  protected abstract changed(lane: Lane<T>): void;
  protected abstract block(lane: Lane<T>): void;
  protected abstract unblock(lane: Lane<T>, credit: boolean): void;

  /** Asks for one start of a lane that is not blocked. False: it has just become so. */
  protected passes(lane: Lane<T>): boolean {
    if (lane.gate === undefined || lane.gate.take()) return true;
    this.#count(lane, -lane.prefetched.size);
    this.block(lane);
    this.#count(lane, lane.prefetched.size);
    return false;
  }

  protected start(lane: Lane<T>): T | undefined {
    const task = lane.prefetched.shift();
    this.#count(lane, -1);
    this.served(lane);
    return task;
  }

  /** A tenant is blocked, or is blocked no more. */
  protected heldOf(tenant: Tenant, blocked: boolean): void {
    this.#held += blocked ? tenant.startable : -tenant.startable;
  }

  /** So many more are prefetched in this lane. */
  #count(lane: Lane<T>, more: number): void {
    this.#prefetched += more;
    if (lane.blocked) {
      this.#held += more;
      return;
    }
    const { tenant } = lane;
    if (tenant === undefined) return;
    tenant.startable += more;
    if (tenant.blocked) this.#held += more;
  }

  #gone(lane: Lane<T>, count: number): void {
    this.#count(lane, -count);
    if (lane.slot >= 0) this.changed(lane);
  }
}
