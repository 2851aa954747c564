/** Parts that were opened one after the other, and are to be closed together. */
export class OpenedParts {
  readonly #closes: (() => unknown)[] = [];
  #closing: Promise<unknown> | undefined;

  /**
   * A part has been opened. After `close` it is closed at once.
   *
   * @param close may return a promise
   * @throws Error after `close`: nothing more is to be opened
   */
  add(close: () => unknown): void {
    this.#closes.push(close);
    if (this.#closing === undefined) return;
    this.#closing = Promise.all([this.#closing, close()]);
    this.#closing.catch(() => {}); // whoever opened it is told so
    throw new Error('it was to be closed before it was open');
  }

  /** Closes what was opened last before the others. Resolves when all are closed. */
  async close(): Promise<void> {
    this.#closing ??= Promise.all(this.#closes.toReversed().map((close) => close()));
    await this.#closing;
  }
}
