/** Moments that are remembered: a scheduler that is looked at every 5 ms remembers a good second. */
const MOMENTS = 256;

/**
 * Where a virtual clock stood at moments of the last second or so. The moments are the caller's: any clock that
 * does not go back.
 */
export class VirtualPast {
  readonly #moments = new Float64Array(MOMENTS);
  readonly #virtuals = new Float64Array(MOMENTS);
  /** Moments noted so far; the last of them are remembered, in a ring. */
  #count = 0;

  note(moment: number, virtual: number): void {
    const place = this.#count++ % MOMENTS;
    this.#moments[place] = moment;
    this.#virtuals[place] = virtual;
  }

  /**
   * Where the clock stood then: at the first moment noted from then on, so never less than it was. For a moment
   * before all that are remembered that is the oldest; undefined where none was noted since.
   */
  at(moment: number): number | undefined {
    let low = Math.max(0, this.#count - MOMENTS);
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#moments[middle % MOMENTS]! < moment) low = middle + 1;
      else high = middle;
    }
    return low === this.#count ? undefined : this.#virtuals[low % MOMENTS];
  }

  /** The clock has been set back by so much. */
  rebase(by: number): void {
    for (let place = 0; place < MOMENTS; place++) this.#virtuals[place]! -= by;
  }
}
