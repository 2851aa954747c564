/** A ring of this size is kept when it runs empty, a larger one is given up. */
const KEPT = 16;

/** First in, first out, in amortised constant time; also gives back the youngest. */
export class Deque<T> {
  /** Grows to powers of two, so that a mask brings a position round. */
  #ring: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The oldest, which stays. */
  get first(): T | undefined {
    return this.#ring[this.#head];
  }

  /** From the oldest to the youngest. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.#size; i++) yield this.#ring[this.#at(i)] as T;
  }

  push(item: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[this.#at(this.#size)] = item;
    this.#size++;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = this.#at(1);
    this.#size--;
    if (this.#size === 0 && this.#ring.length > KEPT) this.#ring = [];
    return item;
  }

  /** Removes and returns the youngest. */
  pop(): T | undefined {
    if (this.#size === 0) return undefined;
    this.#size--;
    const last = this.#at(this.#size);
    const item = this.#ring[last];
    this.#ring[last] = undefined;
    return item;
  }

  /** Drops what does not pass, keeping the order. */
  filter(keep: (item: T) => boolean): void {
    for (let left = this.#size; left > 0; left--) {
      const item = this.shift() as T;
      if (keep(item)) this.push(item);
    }
  }

  #at(index: number): number {
    return (this.#head + index) & (this.#ring.length - 1);
  }

  #grow(): void {
    const ring = new Array<T | undefined>(Math.max(4, 2 * this.#size)).fill(undefined);
    for (let i = 0; i < this.#size; i++) ring[i] = this.#ring[this.#at(i)];
    this.#ring = ring;
    this.#head = 0;
  }
}
