/** What to tell the broker: everything up to a tag at once, and single tags beyond it. */
export interface Acknowledgements {
  /** Highest tag of the finished prefix, or 0 where there is none. */
  readonly upTo: number;
  readonly singles: readonly number[];
}

const OUTSTANDING = 0;
const FINISHED = 1;
/** The broker has been told: acknowledged by itself, or given back. */
const TOLD = 2;

const NONE: Acknowledgements = { upTo: 0, singles: [] };

/**
 * Which deliveries of one channel are finished and not yet acknowledged. A channel numbers its
 * deliveries 1, 2, 3, …; acknowledging a whole prefix with one frame is what makes many small tasks
 * cheap, so finished tags are collected and turned into one `multiple` acknowledgement and a few
 * single ones.
 */
export class AckLedger {
  /** States of the tags from `#base` on, in a ring. */
  #ring = new Uint8Array(1024);
  #base = 1;
  #next = 1;
  #finishedBeyond: number[] = [];
  #fresh = false;

  /** Deliveries that the broker still waits for. */
  get outstanding(): number {
    let count = 0;
    for (let tag = this.#base; tag < this.#next; tag++) if (this.#get(tag) !== TOLD) count++;
    return count;
  }

  /** The broker waits for none, and has been told of all. */
  get isEmpty(): boolean {
    return this.#base === this.#next;
  }

  delivered(tag: number): void {
    while (this.#next <= tag) {
      if (this.#next - this.#base >= this.#ring.length) this.#grow();
      this.#set(this.#next, OUTSTANDING);
      this.#next++;
    }
  }

  /** The task of this delivery is done with; it goes out with the next `drain`. */
  finished(tag: number): void {
    if (this.#isPast(tag)) return;
    this.#set(tag, FINISHED);
    this.#finishedBeyond.push(tag);
    this.#fresh = true;
  }

  /** The delivery has been given back to the broker. */
  givenBack(tag: number): void {
    if (this.#isPast(tag)) return;
    this.#set(tag, TOLD);
    this.#fresh = true;
  }

  /** What to acknowledge now; counts as told. */
  drain(): Acknowledgements {
    if (!this.#fresh) return NONE;
    this.#fresh = false;
    let upTo = 0;
    while (this.#base < this.#next) {
      const state = this.#get(this.#base);
      if (state === OUTSTANDING) break;
      // The broker knows no tag that it has been told of: only a fresh one can end the prefix.
      if (state === FINISHED) upTo = this.#base;
      this.#base++;
    }
    const singles: number[] = [];
    for (const tag of this.#finishedBeyond) {
      if (tag < this.#base) continue;
      singles.push(tag);
      this.#set(tag, TOLD);
    }
    this.#finishedBeyond = [];
    return { upTo, singles };
  }

  /** The broker has been told of it. Its place in the ring is that of a later tag by now. */
  #isPast(tag: number): boolean {
    return tag < this.#base;
  }

  #get(tag: number): number {
    return this.#ring[tag & (this.#ring.length - 1)]!;
  }

  #set(tag: number, state: number): void {
    this.#ring[tag & (this.#ring.length - 1)] = state;
  }

  #grow(): void {
    const larger = new Uint8Array(this.#ring.length * 2);
    for (let tag = this.#base; tag < this.#next; tag++) larger[tag & (larger.length - 1)] = this.#get(tag);
    this.#ring = larger;
  }
}
