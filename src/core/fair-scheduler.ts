import { type Lane, Lanes, type Scheduler } from './scheduler.js';

/** Below every tie of a lane that has been served, so that who comes back from rest goes first. */
const NEWCOMER = -(2 ** 52);

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
  readonly #lanes = new Lanes<T>();
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
    return this.#lanes.of(user);
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
    for (const lane of this.#lanes.all()) {
      const before = lane.held.size;
      if (before === 0) continue;
      lane.held.filter(keep);
      this.#held -= before - lane.held.size;
      if (lane.held.size === 0 && lane.slot >= 0) this.#remove(lane);
    }
  }

  correct(lane: Lane<T>, difference: number): void {
    lane.virtual += difference / lane.weight;
    if (lane.slot >= 0) this.#settle(lane);
  }

  rest(lane: Lane<T>): void {
    if (lane.held.size === 0) lane.resting = true;
  }

  arrange(lanes: readonly Lane<T>[]): void {
    for (const lane of lanes) {
      if (lane.virtual !== 0 || lane.slot < 0) continue;
      lane.tie = NEWCOMER + ++this.#ties;
      this.#settle(lane);
    }
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
    this.#settle(last);
  }

  /** Moves a lane whose key has changed to where it belongs. */
  #settle(lane: Lane<T>): void {
    this.#rise(lane.slot);
    this.#sink(lane.slot);
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
