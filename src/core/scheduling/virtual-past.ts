/** Moments that are remembered: a scheduler that is looked at every 5 ms remembers a good second. */
const MOMENTS = 256;

/**
 * Where a virtual clock stood at moments of the last second or so. The moments are the caller's: any clock that
 * does not go back.
 */
export class VirtualPast {
  /** Made when the first moment is noted: there may be very many clocks. */
  #moments = new Float64Array(0);
  #virtuals = new Float64Array(0);
  /** Moments noted so far; the last of them are remembered, in a ring. */
  #count = 0;

  /** @param size moments that are remembered */
  constructor(private readonly size = MOMENTS) {}

  note(moment: number, virtual: number): void {
    if (this.#count === 0) {
      this.#moments = new Float64Array(this.size);
      this.#virtuals = new Float64Array(this.size);
    }
    const place = this.#count++ % this.size;
    this.#moments[place] = moment;
    this.#virtuals[place] = virtual;
  }

  /**
   * Where the clock stood then: at the first moment noted from then on, so never less than it was. For a moment
   * before all that are remembered that is the oldest; undefined where none was noted since.
   */
  at(moment: number): number | undefined {
    let low = Math.max(0, this.#count - this.size);
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#moments[middle % this.size]! < moment) low = middle + 1;
      else high = middle;
    }
    return low === this.#count ? undefined : this.#virtuals[low % this.size];
  }

  /** The clock has been set back by so much. */
  rebase(by: number): void {
    for (let place = 0; place < this.#virtuals.length; place++) this.#virtuals[place]! -= by;
  }
}
