/** Lets somebody work for a small part of the time, who sees it pass: what is not used up is kept for a while. */
export class ShareOfTime {
  #credit: number;
  #at: number | undefined;

  /**
   * @param share 0 to 1
   * @param most milliseconds of work that are kept; so many may be used at once at the start
   */
  constructor(
    private readonly share: number,
    private readonly most: number,
  ) {
    this.#credit = most;
  }

  /** Whether some work may begin. @param now milliseconds; it only grows */
  allows(now: number): boolean {
    const passed = now - (this.#at ?? now);
    this.#at = now;
    this.#credit = Math.min(this.most, this.#credit + passed * this.share);
    return this.#credit > 0;
  }

  /** Some was done. What took more than there was is made up for. */
  used(milliseconds: number): void {
    this.#credit -= milliseconds;
  }
}
