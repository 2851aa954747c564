/** First in, first out, in amortised constant time; also takes back at the front. */
export class Deque<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Removes and returns the youngest. */
  pop(): T | undefined {
    return this.#head === this.#items.length ? undefined : this.#items.pop();
  }

  /** Drops what does not pass, keeping the order. */
  filter(keep: (item: T) => boolean): void {
    const kept = this.#items.slice(this.#head).filter((item) => keep(item as T));
    this.#items = kept;
    this.#head = 0;
  }
}
