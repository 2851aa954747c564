import { LaneHeap } from './lane-heap.js';
import { type Lane, Lanes, type Scheduler } from './scheduler.js';
import { VirtualPast } from './virtual-past.js';

/** Below every tie of a lane that has been served, so that who comes back from rest goes first. */
const NEWCOMER = -(2 ** 52);
/** Far below the virtual times at which the smallest step would be lost in rounding. */
const REBASE_AT = 2 ** 30;

/**
 * Start-time fair queueing (Goyal, Vin, Cheng 1996). Each user has a virtual time; the backlogged
 * user with the least is served and charged cost / weight; a user that returns from rest starts at
 * the current virtual time. For two users backlogged through an interval, service / weight differs
 * by at most one largest charge of each. A pick is O(log n) of the users with prefetched tasks.
 *
 * A lane that is empty but not resting keeps its place, as far as what may be on its way from the broker
 * would have cost, and catches up when that arrives. Meanwhile the bound does not apply to the lane.
 *
 * A task counts as backlog from when it was sent, not from when the broker has delivered it. So a lane that rested,
 * and whose next task is older than its rest, starts where the virtual time stood when that task was sent.
 */
export class FairScheduler<T> implements Scheduler<T> {
  readonly #lanes: Lanes<T>;
  readonly #heap = new LaneHeap<T>();
  readonly #cost: (lane: Lane<T>) => number;
  readonly #past = new VirtualPast();
  #now = 0;
  #ties = 0;
  #prefetched = 0;

  /**
   * @param weightOf a user's share against the others, above 0
   * @param cost what a task of this lane is charged when it starts, above 0; see `correct`
   */
  constructor(weightOf: (user: string) => number = () => 1, cost: (lane: Lane<T>) => number = () => 1) {
    this.#lanes = new Lanes(weightOf);
    this.#cost = cost;
  }

  get prefetched(): number {
    return this.#prefetched;
  }

  lane(user: string, key?: string): Lane<T> {
    return this.#lanes.of(user, key);
  }

  push(lane: Lane<T>, task: T): void {
    lane.prefetched.push(task);
    this.#prefetched++;
    if (lane.slot >= 0) return;
    if (lane.resting) {
      lane.resting = false;
      lane.virtual = Math.max(lane.virtual, this.#now);
      lane.tie = NEWCOMER + ++this.#ties;
    } else {
      const behind = (lane.late * lane.charge) / lane.weight;
      lane.virtual = Math.max(lane.virtual, this.#now - behind);
    }
    this.#heap.insert(lane);
  }

  next(): T | undefined {
    const lane = this.#heap.first;
    if (lane === undefined) return undefined;
    const task = lane.prefetched.shift();
    this.#prefetched--;
    if (lane.virtual > this.#now) this.#now = lane.virtual;
    if (this.#now > REBASE_AT) this.#rebase();
    lane.charge = this.#cost(lane);
    lane.virtual += lane.charge / lane.weight;
    lane.tie = ++this.#ties;
    if (lane.prefetched.size === 0) this.#heap.remove(lane);
    else this.#heap.settle(lane);
    return task;
  }

  takeBack(lane: Lane<T>): T | undefined {
    const task = lane.prefetched.pop();
    if (task !== undefined) this.#prefetched--;
    if (lane.prefetched.size === 0 && lane.slot >= 0) this.#heap.remove(lane);
    return task;
  }

  dropUnless(keep: (task: T) => boolean): void {
    for (const lane of this.#lanes.all()) {
      const before = lane.prefetched.size;
      if (before === 0) continue;
      lane.prefetched.filter(keep);
      this.#prefetched -= before - lane.prefetched.size;
      if (lane.prefetched.size === 0 && lane.slot >= 0) this.#heap.remove(lane);
    }
  }

  correct(lane: Lane<T>, difference: number): void {
    lane.virtual += difference / lane.weight;
    if (lane.slot >= 0) this.#heap.settle(lane);
  }

  /** Only differences count: all go back by the present, which becomes 0. */
  #rebase(): void {
    for (const lane of this.#lanes.all()) lane.virtual -= this.#now;
    this.#heap.rebase(this.#now);
    this.#past.rebase(this.#now);
    this.#now = 0;
  }

  rest(lane: Lane<T>): void {
    if (lane.prefetched.size === 0) lane.resting = true;
  }

  note(moment: number): void {
    this.#past.note(moment, this.#now);
  }

  goOn(lane: Lane<T>, since: number): void {
    const then = this.#past.at(since);
    if (then === undefined || !lane.resting) return;
    lane.resting = false;
    if (then < lane.virtual) return;
    lane.virtual = then;
    lane.tie = NEWCOMER + ++this.#ties;
  }

  arrange(lanes: readonly Lane<T>[]): void {
    for (const lane of lanes) {
      if (lane.charge !== 0 || lane.slot < 0) continue;
      lane.tie = NEWCOMER + ++this.#ties;
      this.#heap.settle(lane);
    }
  }
}
