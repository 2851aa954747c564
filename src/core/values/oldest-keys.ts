/**
 * The keys of a map from the oldest on, for who takes each of them out of it. To begin anew at each of them would pass all that
 * were taken out before: a map keeps their places for a while.
 */
export class OldestKeys<K> {
  #keys: IterableIterator<K>;

  constructor(private readonly map: ReadonlyMap<K, unknown>) {
    this.#keys = map.keys();
  }

  /** The oldest, which is to be taken out of the map then; undefined where it is empty. */
  next(): K | undefined {
    let next = this.#keys.next();
    if (next.done === true) {
      this.#keys = this.map.keys();
      next = this.#keys.next();
    }
    return next.done === true ? undefined : next.value;
  }
}
