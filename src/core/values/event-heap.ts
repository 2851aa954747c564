/** Numbers, each due at a time: the earliest first, and of those due at once the one that was put in first. */
export class EventHeap {
  #times: Float64Array;
  #turns: Float64Array;
  #ids: Int32Array;
  #size = 0;
  #count = 0;

  /** @param room for so many; it grows */
  constructor(room = 16) {
    this.#times = new Float64Array(room);
    this.#turns = new Float64Array(room);
    this.#ids = new Int32Array(room);
  }

  get size(): number {
    return this.#size;
  }

  /** When the first is due; Infinity where there is none. */
  get time(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /** The one that is due first; there is one. */
  get first(): number {
    return this.#ids[0]!;
  }

  push(id: number, time: number): void {
    if (this.#size === this.#ids.length) this.#grow();
    this.#rise(this.#size++, id, time, ++this.#count);
  }

  /** Takes out the one that is due first. */
  pop(): number {
    const id = this.first;
    const last = --this.#size;
    if (last > 0) this.#sink(this.#ids[last]!, this.#times[last]!, this.#turns[last]!);
    return id;
  }

  /** The one that is due first is due at this time instead. */
  postpone(time: number): void {
    this.#sink(this.first, time, ++this.#count);
  }

  #rise(from: number, id: number, time: number, turn: number): void {
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!this.#isBefore(time, turn, parent)) break;
      this.#move(parent, slot);
      slot = parent;
    }
    this.#put(slot, id, time, turn);
  }

  #sink(id: number, time: number, turn: number): void {
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= this.#size) break;
      const other = child + 1;
      if (other < this.#size && this.#isBefore(this.#times[other]!, this.#turns[other]!, child))
        child = other;
      if (this.#isBefore(time, turn, child)) break;
      this.#move(child, slot);
      slot = child;
    }
    this.#put(slot, id, time, turn);
  }

  #isBefore(time: number, turn: number, slot: number): boolean {
    const difference = time - this.#times[slot]!;
    return difference < 0 || (difference === 0 && turn < this.#turns[slot]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#ids[from]!, this.#times[from]!, this.#turns[from]!);
  }

  #put(slot: number, id: number, time: number, turn: number): void {
    this.#ids[slot] = id;
    this.#times[slot] = time;
    this.#turns[slot] = turn;
  }

  #grow(): void {
    const room = 2 * this.#ids.length;
    const [times, turns, ids] = [this.#times, this.#turns, this.#ids];
    this.#times = new Float64Array(room);
    this.#turns = new Float64Array(room);
    this.#ids = new Int32Array(room);
    this.#times.set(times);
    this.#turns.set(turns);
    this.#ids.set(ids);
  }
}
