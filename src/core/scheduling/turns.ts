import { type Place, TurnHeap } from './turn-heap.js';
import { VirtualPast } from './virtual-past.js';

/** One of those who take turns. */
export interface Turn extends Place {
  /** Share of service against the others; 1 unless said otherwise. */
  weight: number;
  /** What its last start has been charged. */
  charge: number;
  /** It has nothing to start and nothing is expected: it saves up no credit while it rests. */
  resting: boolean;
  /** It may not start for now, whatever it has. It takes no turns meanwhile. */
  blocked: boolean;
}

/** Below every tie of one that has been served, so that who comes back from rest goes first. */
const NEWCOMER = -(2 ** 52);
/** Below every other tie: who was blocked has waited for its turn already. */
const LET_GO = -(2 ** 53);
/** So many charges one may be behind that was blocked: without them a user with a cap loses up to a third of its due. */
const CREDIT = 16;
/** Far below the virtual times at which the smallest step would be lost in rounding. */
const REBASE_AT = 2 ** 30;

/**
 * Start-time fair queueing (Goyal, Vin, Cheng 1996). Each has a virtual time; the backlogged one with the least is
 * served and charged cost / weight; one that returns from rest starts at the current virtual time. For two that are
 * backlogged through an interval, and not blocked, service / weight differs by at most one largest charge of each.
 * A turn is O(log n) of those that have something to start.
 */
export class Turns<E extends Turn> {
  readonly #heap = new TurnHeap<E>();
  readonly #past: VirtualPast;
  #now = 0;
  #ties = 0;

  /**
   * @param all those that have ever had a turn, or are waiting for their first
   * @param moments that are remembered, where it is not to be as many as usual
   */
  constructor(
    private readonly all: () => Iterable<E>,
    moments?: number,
  ) {
    this.#past = new VirtualPast(moments);
  }

  /** Whose turn it is. */
  get first(): E | undefined {
    return this.#heap.first;
  }

  /** How many have their turns before the next one of this; undefined where it takes none now. */
  before(one: E): number | undefined {
    return one.slot < 0 ? undefined : this.#heap.before(one);
  }

  /**
   * It has something to start again.
   *
   * @param late tasks that may have been on their way: unless it rested, it falls behind by no more than these cost
   */
  begin(one: E, late: number): void {
    this.place(one, late);
    if (!one.blocked) this.#heap.insert(one);
  }

  /** As `begin`, where others keep it from its turns: it has its place, and takes none. */
  place(one: E, late: number): void {
    if (one.resting) {
      one.resting = false;
      one.virtual = Math.max(one.virtual, this.#now);
      one.tie = NEWCOMER + ++this.#ties;
    } else {
      const behind = (late * one.charge) / one.weight;
      one.virtual = Math.max(one.virtual, this.#now - behind);
    }
  }

  /** The present has come to where it would go on: it begins as one that has had no turn yet. */
  isPast(one: E): boolean {
    return one.virtual <= this.#now;
  }

  /** It has had its turn. @param goesOn it has more to start */
  served(one: E, charge: number, goesOn: boolean): void {
    if (one.virtual > this.#now) this.#now = one.virtual;
    if (this.#now > REBASE_AT) this.#rebase();
    one.charge = charge;
    one.virtual += charge / one.weight;
    one.tie = ++this.#ties;
    if (goesOn) this.#heap.settle(one);
    else this.#heap.remove(one);
  }

  /** It has nothing to start any more. */
  end(one: E): void {
    if (one.slot >= 0) this.#heap.remove(one);
  }

  /** It may not start: it takes no turns until `letGo`. */
  block(one: E): void {
    one.blocked = true;
    this.end(one);
  }

  /**
   * It may start again.
   *
   * @param credit it goes on where it was, as far as `CREDIT` charges back; otherwise at the present
   * @param goesOn it has something to start
   */
  letGo(one: E, credit: boolean, goesOn: boolean): void {
    one.blocked = false;
    const behind = credit ? (CREDIT * one.charge) / one.weight : 0;
    one.virtual = Math.max(one.virtual, this.#now - behind);
    one.tie = LET_GO + ++this.#ties;
    if (goesOn) this.#heap.insert(one);
  }

  /** A charge turned out different. */
  correct(one: E, difference: number): void {
    one.virtual += difference / one.weight;
    if (one.slot >= 0) this.#heap.settle(one);
  }

  /** From the next turn on. It stays as many charges ahead of the present, or behind it, as it is. */
  reweigh(one: E, weight: number): void {
    if (weight === one.weight) return;
    one.virtual = this.#now + ((one.virtual - this.#now) * one.weight) / weight;
    one.weight = weight;
    if (one.slot >= 0) this.#heap.settle(one);
  }

  /** How far it had come at this moment. */
  note(moment: number): void {
    this.#past.note(moment, this.#now);
  }

  /** What comes next of it was there at that moment, so it did not rest since. @returns whether it goes on */
  goOn(one: E, since: number): boolean {
    const then = this.#past.at(since);
    if (then === undefined || !one.resting) return false;
    one.resting = false;
    if (then < one.virtual) return true;
    one.virtual = then;
    one.tie = NEWCOMER + ++this.#ties;
    return true;
  }

  /** The order of those that have had no turn yet. */
  arrange(some: Iterable<E>): void {
    for (const one of some) {
      if (one.charge !== 0 || one.slot < 0) continue;
      one.tie = NEWCOMER + ++this.#ties;
      this.#heap.settle(one);
    }
  }

  /** Only differences count: all go back by the present, which becomes 0. */
  #rebase(): void {
    for (const one of this.all()) one.virtual -= this.#now;
    this.#heap.rebase(this.#now);
    this.#past.rebase(this.#now);
    this.#now = 0;
  }
}
