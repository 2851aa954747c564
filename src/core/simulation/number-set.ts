/** Some of the numbers from 0 to a limit, in no order that lasts: adding and taking out is constant time. */
export class NumberSet {
  readonly #places: Int32Array;
  readonly #members: number[] = [];

  constructor(limit: number) {
    this.#places = new Int32Array(limit).fill(-1);
  }

  get size(): number {
    return this.#members.length;
  }

  at(place: number): number {
    return this.#members[place]!;
  }

  has(member: number): boolean {
    return this.#places[member]! >= 0;
  }

  add(member: number): void {
    if (this.#places[member]! >= 0) return;
    this.#places[member] = this.#members.length;
    this.#members.push(member);
  }

  delete(member: number): void {
    const place = this.#places[member]!;
    if (place < 0) return;
    const last = this.#members.pop()!;
    this.#places[member] = -1;
    if (last === member) return;
    this.#members[place] = last;
    this.#places[last] = place;
  }

  /** Takes all out. */
  clear(): void {
    for (const member of this.#members) this.#places[member] = -1;
    this.#members.length = 0;
  }
}
