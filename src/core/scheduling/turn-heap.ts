/** With four children a node, the heap is half as deep as with two: half the cache misses of a large one. */
const CHILDREN = 4;

/** Where one stands among those who wait for their turns. */
export interface Place {
  /** Service charged so far divided by weight, on the virtual clock of the turns. */
  virtual: number;
  /** Breaks ties between equal virtual times: the lower goes first. */
  tie: number;
  /** Position in the heap, -1 outside of it. */
  slot: number;
}

/** Those who wait for their turns, the next one on top: least virtual time, then least tie. */
export class TurnHeap<E extends Place> {
  readonly #turns: E[] = [];
  /** Their virtual times, side by side: to compare them, the turns need not be fetched from all over. */
  readonly #virtuals: number[] = [];

  get first(): E | undefined {
    return this.#turns[0];
  }

  insert(turn: E): void {
    this.#put(turn, this.#turns.length);
    this.#rise(turn);
  }

  remove(turn: E): void {
    const { slot } = turn;
    const last = this.#turns.pop()!;
    this.#virtuals.pop();
    turn.slot = -1;
    if (last === turn) return;
    last.slot = slot;
    this.settle(last);
  }

  /** Moves one whose virtual time or tie has changed to where it belongs. */
  settle(turn: E): void {
    this.#rise(turn);
    this.#sink(turn);
  }

  /** How many have their turns before this one, which is one of them. */
  before(turn: E): number {
    let count = 0;
    const open = [0];
    for (let slot = open.pop(); slot !== undefined; slot = open.pop()) {
      // Who comes after it has nobody below who comes before it.
      if (slot >= this.#turns.length || slot === turn.slot || this.#isBefore(turn, slot)) continue;
      count++;
      for (let child = CHILDREN * slot + 1; child <= CHILDREN * slot + CHILDREN; child++) open.push(child);
    }
    return count;
  }

  /** Every virtual time has gone back by as much: the order stays. */
  rebase(by: number): void {
    for (let slot = 0; slot < this.#virtuals.length; slot++) this.#virtuals[slot]! -= by;
  }

  #rise(turn: E): void {
    let { slot } = turn;
    while (slot > 0) {
      const parent = Math.floor((slot - 1) / CHILDREN);
      if (!this.#isBefore(turn, parent)) break;
      this.#put(this.#turns[parent]!, slot);
      slot = parent;
    }
    this.#put(turn, slot);
  }

  #sink(turn: E): void {
    const turns = this.#turns;
    const virtuals = this.#virtuals;
    let { slot } = turn;
    for (;;) {
      let child = CHILDREN * slot + 1;
      const end = Math.min(child + CHILDREN, turns.length);
      if (child >= end) break;
      for (let other = child + 1; other < end; other++) {
        const difference = virtuals[other]! - virtuals[child]!;
        if (difference < 0 || (difference === 0 && turns[other]!.tie < turns[child]!.tie)) child = other;
      }
      if (this.#isBefore(turn, child)) break;
      this.#put(turns[child]!, slot);
      slot = child;
    }
    this.#put(turn, slot);
  }

  #isBefore(turn: E, slot: number): boolean {
    const difference = turn.virtual - this.#virtuals[slot]!;
    return difference < 0 || (difference === 0 && turn.tie < this.#turns[slot]!.tie);
  }

  #put(turn: E, slot: number): void {
    this.#turns[slot] = turn;
    this.#virtuals[slot] = turn.virtual;
    turn.slot = slot;
  }
}
