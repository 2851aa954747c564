/** Whoever asks has an answer that was begun after the question. All who wait meanwhile share the next one. */
export class NextAnswer<T> {
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(private readonly answer: () => Promise<T>) {}

  ask(): Promise<T> {
    this.#next ??= this.#current.then(() => {
      const begun = this.answer();
      this.#next = undefined;
      this.#current = begun.catch(() => {});
      return begun;
    });
    return this.#next;
  }
}
