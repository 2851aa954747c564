import type { PatienceLimits } from '../../../core/scheduling/tuning.js';

/** Whether it is still worth waiting. */
export class Patience {
  #fewest = Number.POSITIVE_INFINITY;
  #since: number;

  /** @param from milliseconds, on the clock of `lasts` */
  constructor(
    private readonly limits: PatienceLimits,
    private readonly from: number,
  ) {
    this.#since = from;
  }

  /** @param lacking how many have not come yet */
  lasts(lacking: number, now: number): boolean {
    if (lacking === 0) return false;
    if (lacking < this.#fewest) {
      this.#fewest = lacking;
      this.#since = now;
    }
    const { silenceMs, mostMs } = this.limits;
    return now - this.#since < silenceMs && now - this.from < mostMs;
  }
}
