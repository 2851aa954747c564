import { Deque } from './deque.js';

/** What a scheduler knows of one user: the tasks held for it and the service it has been charged. */
export interface Lane<T> {
  readonly user: string;
  /** Share of service against the others; 1 unless said otherwise. */
  weight: number;
  /** Delivered and not started, oldest first. */
  readonly held: Deque<T>;
  /** Service charged so far divided by weight, on the scheduler's virtual clock. */
  virtual: number;
  /** Breaks ties between equal virtual times: the lower goes first. */
  tie: number;
  /** Nothing held and nothing expected: it saves up no credit while it rests. */
  resting: boolean;
  /** Position in the heap, -1 outside of it. */
  slot: number;
}

/** Decides whose task starts next. No I/O, no clock: the caller says what happened. */
export interface Scheduler<T> {
  /** Tasks held over all users. */
  readonly held: number;
  /** The user's lane, made on first sight. */
  lane(user: string): Lane<T>;
  push(lane: Lane<T>, task: T): void;
  /** Takes out the task to start now. */
  next(): T | undefined;
  /** Takes out the user's youngest held task, to give it back. */
  takeBack(lane: Lane<T>): T | undefined;
  /** Takes out every held task that does not pass. */
  dropUnless(keep: (task: T) => boolean): void;
  /** A charge turned out different: adds `difference` (may be negative) to what was charged. */
  correct(lane: Lane<T>, difference: number): void;
  /** Nothing is held of this user and nothing is on its way. */
  rest(lane: Lane<T>): void;
  /** Sets whose first turns come first among users that have had none, in the order given. */
  arrange(lanes: readonly Lane<T>[]): void;
  forget(lane: Lane<T>): void;
  lanes(): Iterable<Lane<T>>;
}

/** Below every tie of a lane that has been served, so that who comes back from rest goes first. */
const NEWCOMER = -(2 ** 52);

function newLane<T>(user: string): Lane<T> {
  return { user, weight: 1, held: new Deque(), virtual: 0, tie: 0, resting: true, slot: -1 };
}

/**
 * Start-time fair queueing (Goyal, Vin, Cheng 1996). Each user has a virtual time; the backlogged
 * user with the least is served and charged cost / weight; a user that returns from rest starts at
 * the current virtual time. For two users backlogged through an interval, service / weight differs
 * by at most one largest charge of each. A pick is O(log n) of the users that hold tasks.
 *
 * A lane that is empty but not resting keeps its place: its tasks are on their way from the broker,
 * and it catches up when they arrive.
 */
export class FairScheduler<T> implements Scheduler<T> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #heap: Lane<T>[] = [];
  readonly #cost: (lane: Lane<T>) => number;
  #now = 0;
  #ties = 0;
  #held = 0;

  /** @param cost what one task of this lane is charged when it starts; above 0 */
  constructor(cost: (lane: Lane<T>) => number = () => 1) {
    this.#cost = cost;
  }

  get held(): number {
    return this.#held;
  }

  lane(user: string): Lane<T> {
    let lane = this.#lanes.get(user);
    if (lane === undefined) {
      lane = newLane<T>(user);
      this.#lanes.set(user, lane);
    }
    return lane;
  }

  lanes(): Iterable<Lane<T>> {
    return this.#lanes.values();
  }

  push(lane: Lane<T>, task: T): void {
    lane.held.push(task);
    this.#held++;
    if (lane.slot >= 0) return;
    if (lane.resting) {
      lane.resting = false;
      lane.virtual = Math.max(lane.virtual, this.#now);
      lane.tie = NEWCOMER + ++this.#ties;
    }
    this.#insert(lane);
  }

  next(): T | undefined {
    const lane = this.#heap[0];
    if (lane === undefined) return undefined;
    const task = lane.held.shift();
    this.#held--;
    if (lane.virtual > this.#now) this.#now = lane.virtual;
    lane.virtual += this.#cost(lane) / lane.weight;
    lane.tie = ++this.#ties;
    if (lane.held.size === 0) this.#remove(lane);
    else this.#sink(0);
    return task;
  }

  takeBack(lane: Lane<T>): T | undefined {
    const task = lane.held.pop();
    if (task !== undefined) this.#held--;
    if (lane.held.size === 0 && lane.slot >= 0) this.#remove(lane);
    return task;
  }

  dropUnless(keep: (task: T) => boolean): void {
    for (const lane of this.#lanes.values()) {
      const before = lane.held.size;
      if (before === 0) continue;
      lane.held.filter(keep);
      this.#held -= before - lane.held.size;
      if (lane.held.size === 0 && lane.slot >= 0) this.#remove(lane);
    }
  }

  correct(lane: Lane<T>, difference: number): void {
    lane.virtual += difference / lane.weight;
    if (lane.slot >= 0) {
      this.#rise(lane.slot);
      this.#sink(lane.slot);
    }
  }

  rest(lane: Lane<T>): void {
    if (lane.held.size === 0) lane.resting = true;
  }

  arrange(lanes: readonly Lane<T>[]): void {
    for (const lane of lanes) {
      if (lane.virtual !== 0 || lane.slot < 0) continue;
      lane.tie = NEWCOMER + ++this.#ties;
      this.#rise(lane.slot);
      this.#sink(lane.slot);
    }
  }

  forget(lane: Lane<T>): void {
    this.#held -= lane.held.size;
    lane.held.filter(() => false);
    if (lane.slot >= 0) this.#remove(lane);
    this.#lanes.delete(lane.user);
  }

  #insert(lane: Lane<T>): void {
    lane.slot = this.#heap.length;
    this.#heap.push(lane);
    this.#rise(lane.slot);
  }

  #remove(lane: Lane<T>): void {
    const slot = lane.slot;
    const last = this.#heap.pop()!;
    lane.slot = -1;
    if (last === lane) return;
    this.#heap[slot] = last;
    last.slot = slot;
    this.#rise(slot);
    this.#sink(last.slot);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const lane = heap[from]!;
    let slot = from;
    while (slot > 0) {
      const parentSlot = (slot - 1) >> 1;
      const parent = heap[parentSlot]!;
      if (!before(lane, parent)) break;
      heap[slot] = parent;
      parent.slot = slot;
      slot = parentSlot;
    }
    heap[slot] = lane;
    lane.slot = slot;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const lane = heap[from]!;
    let slot = from;
    for (;;) {
      let childSlot = 2 * slot + 1;
      let child = heap[childSlot];
      if (child === undefined) break;
      const right = heap[childSlot + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        childSlot++;
      }
      if (!before(child, lane)) break;
      heap[slot] = child;
      child.slot = slot;
      slot = childSlot;
    }
    heap[slot] = lane;
    lane.slot = slot;
  }
}

function before<T>(a: Lane<T>, b: Lane<T>): boolean {
  return a.virtual < b.virtual || (a.virtual === b.virtual && a.tie < b.tie);
}

/** Runs tasks in the order in which they were delivered, whoever's they are: what a plain consumer does. */
export class ArrivalScheduler<T extends { readonly lane: Lane<T> }> implements Scheduler<T> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #order = new Deque<T>();
  readonly #gone = new Set<T>();

  get held(): number {
    return this.#order.size - this.#gone.size;
  }

  lane(user: string): Lane<T> {
    let lane = this.#lanes.get(user);
    if (lane === undefined) {
      lane = newLane<T>(user);
      this.#lanes.set(user, lane);
    }
    return lane;
  }

  lanes(): Iterable<Lane<T>> {
    return this.#lanes.values();
  }

  push(lane: Lane<T>, task: T): void {
    lane.resting = false;
    lane.held.push(task);
    this.#order.push(task);
  }

  next(): T | undefined {
    for (;;) {
      const task = this.#order.shift();
      if (task === undefined) return undefined;
      if (this.#gone.delete(task)) continue;
      // Deliveries of one queue come in order, so the oldest of all is the oldest of its lane.
      task.lane.held.shift();
      return task;
    }
  }

  takeBack(lane: Lane<T>): T | undefined {
    const task = lane.held.pop();
    if (task !== undefined) this.#gone.add(task);
    return task;
  }

  dropUnless(keep: (task: T) => boolean): void {
    for (const lane of this.#lanes.values()) lane.held.filter(keep);
    this.#order.filter((task) => !this.#gone.has(task) && keep(task));
    this.#gone.clear();
  }

  correct(): void {}

  rest(lane: Lane<T>): void {
    lane.resting = true;
  }

  arrange(): void {}

  forget(lane: Lane<T>): void {
    this.dropUnless((task) => task.lane !== lane);
    this.#lanes.delete(lane.user);
  }
}
