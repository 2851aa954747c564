/**
 * Generalised processor sharing (Parekh and Gallager, "A Generalized Processor Sharing Approach to
 * Flow Control in Integrated Services Networks", IEEE/ACM ToN 1(3), 1993): a server that splits every
 * unit of service, however small, among the users with a backlog in proportion to their weights. No
 * real worker can do this, since tasks do not split; it is the ideal to measure one against.
 *
 * Kept in virtual time V, which rises by 1 / (weights of the backlogged users) per unit of service, so
 * that a backlogged user is always served weight × V. A user's backlog ends at the virtual time
 * since + (arrived - servedBefore) / weight. A heap gives the next one to end: O(log users) each time.
 */
export class FluidSystem {
  readonly #weights: Float64Array;
  readonly #arrived: Float64Array;
  /** Service received before the present backlog began, at virtual time `since`. */
  readonly #servedBefore: Float64Array;
  readonly #since: Float64Array;
  readonly #backlogged: Uint8Array;
  /** Users with a backlog, a binary heap on `keys`. */
  readonly #heap: Uint32Array;
  /**
   * When a user's backlog would have ended by what had arrived when it was last placed. An arrival
   * only makes this later, so a key may be too early; it is put right when it comes to the top.
   */
  readonly #keys: Float64Array;
  #heapSize = 0;
  #virtual = 0;
  #weightSum = 0;

  /** @param weights above 0, one for each user; users are named by their index */
  constructor(weights: Float64Array) {
    if (!weights.every((weight) => weight > 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new RangeError('a weight must be a finite number above 0');
    }
    this.#weights = weights.slice();
    this.#arrived = new Float64Array(weights.length);
    this.#servedBefore = new Float64Array(weights.length);
    this.#since = new Float64Array(weights.length);
    this.#backlogged = new Uint8Array(weights.length);
    this.#heap = new Uint32Array(weights.length);
    this.#keys = new Float64Array(weights.length);
  }

  /** Work arrives. Below 0: what waits is less by that from the next `reweigh` on. */
  arrive(user: number, units: number): void {
    this.#arrived[user]! += units;
    if (this.#backlogged[user] === 1) return;
    this.#backlogged[user] = 1;
    this.#since[user] = this.#virtual;
    this.#place(user);
  }

  /** From here on service is split by these weights. Who has 0 is not served, and keeps its backlog. */
  reweigh(weights: Float64Array): void {
    for (let user = 0; user < weights.length; user++) {
      if (this.#backlogged[user] === 0) continue;
      this.#servedBefore[user] = this.served(user);
      this.#since[user] = this.#virtual;
    }
    this.#weights.set(weights);
    this.#heapSize = 0;
    this.#weightSum = 0;
    for (let user = 0; user < weights.length; user++) if (this.#backlogged[user] === 1) this.#place(user);
  }

  /** Units that have arrived and were not served. */
  waiting(user: number): number {
    return Math.max(0, this.#arrived[user]! - this.served(user));
  }

  /** Among those that are served, where it is to be. */
  #place(user: number): void {
    if (this.#weights[user] === 0) return;
    this.#weightSum += this.#weights[user]!;
    this.#keys[user] = this.#end(user);
    this.#heap[this.#heapSize] = user;
    this.#rise(this.#heapSize++);
  }

  /** Serves so many units, or less if the backlog ends before. */
  serve(units: number): void {
    let left = units;
    while (this.#heapSize > 0) {
      const user = this.#heap[0]!;
      const end = this.#end(user);
      if (end > this.#keys[user]!) {
        this.#keys[user] = end;
        this.#sink();
        continue;
      }
      const needed = (end - this.#virtual) * this.#weightSum;
      if (needed > left) {
        this.#virtual += left / this.#weightSum;
        return;
      }
      left -= needed;
      this.#virtual = end;
      this.#drain(user);
    }
  }

  /** Units of service that this user has received. */
  served(user: number): number {
    if (this.#backlogged[user] === 0) return this.#servedBefore[user]!;
    return this.#servedBefore[user]! + (this.#virtual - this.#since[user]!) * this.#weights[user]!;
  }

  #end(user: number): number {
    return this.#since[user]! + (this.#arrived[user]! - this.#servedBefore[user]!) / this.#weights[user]!;
  }

  /** The user at the top of the heap has been served all that arrived. */
  #drain(user: number): void {
    this.#backlogged[user] = 0;
    this.#servedBefore[user] = this.#arrived[user]!;
    this.#heap[0] = this.#heap[--this.#heapSize]!;
    this.#sink();
    // Set and not subtracted when nobody is left, so that rounding errors do not add up.
    this.#weightSum = this.#heapSize === 0 ? 0 : this.#weightSum - this.#weights[user]!;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const keys = this.#keys;
    const user = heap[from]!;
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (keys[heap[parent]!]! <= keys[user]!) break;
      heap[slot] = heap[parent]!;
      slot = parent;
    }
    heap[slot] = user;
  }

  #sink(): void {
    const heap = this.#heap;
    const keys = this.#keys;
    const user = heap[0]!;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= this.#heapSize) break;
      if (child + 1 < this.#heapSize && keys[heap[child + 1]!]! < keys[heap[child]!]!) child++;
      if (keys[heap[child]!]! >= keys[user]!) break;
      heap[slot] = heap[child]!;
      slot = child;
    }
    heap[slot] = user;
  }
}
