/** Each bin is so many times as wide as the one before: what is said of a wait is right to a tenth. */
const BINS_AN_OCTAVE = 4;
/** The last is for waits of a week and more. */
const BINS = 120;

/** Waits, counted in bins that grow: so many figures, however many waits there are. */
export class WaitCounts {
  readonly #bins = new Uint32Array(BINS);
  #count = 0;
  #longest = 0;

  add(ms: number): void {
    this.#bins[binOf(ms)]!++;
    this.#count++;
    if (ms > this.#longest) this.#longest = ms;
  }

  /** The wait that so many in a hundred do not exceed, to a tenth; null of none. Milliseconds. */
  percentile(percent: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.ceil((percent * this.#count) / 100);
    let passed = 0;
    for (const [bin, count] of this.#bins.entries()) {
      passed += count;
      if (passed >= rank) return Math.min(this.#longest, middleOf(bin));
    }
    return this.#longest;
  }

  /** Exact; null of none. Milliseconds. */
  get longest(): number | null {
    return this.#count === 0 ? null : this.#longest;
  }
}

/** The first is for waits of less than a millisecond. */
function binOf(ms: number): number {
  return ms < 1 ? 0 : Math.min(BINS - 1, 1 + Math.floor(Math.log2(ms) * BINS_AN_OCTAVE));
}

function middleOf(bin: number): number {
  return bin === 0 ? 0.5 : 2 ** ((bin - 0.5) / BINS_AN_OCTAVE);
}
