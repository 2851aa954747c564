/** Bytes of a key, and of what a body comes to. */
export const KEY_BYTES = 16;
export const DIGEST_BYTES = 8;

const FIRST_CAPACITY = 1024;
const NONE = -1;

/** What is kept of a request that was carried out. Times are milliseconds since the Unix epoch. */
export interface KeptKey {
  readonly digest: Uint8Array;
  readonly at: number;
  /** From then on it counts no more. */
  readonly until: number;
}

/**
 * Keys that were used, in some 50 bytes each: there may be a million. Those that were added first go first.
 *
 * A hash table whose entries stand in a ring, in the order in which they came; `#next` leads to the next entry of the
 * same bucket.
 */
export class KeyTable {
  #capacity = FIRST_CAPACITY;
  #first = 0;
  #size = 0;
  #keys = new Uint8Array(FIRST_CAPACITY * KEY_BYTES);
  #digests = new Uint8Array(FIRST_CAPACITY * DIGEST_BYTES);
  #at = new Float64Array(FIRST_CAPACITY);
  #until = new Float64Array(FIRST_CAPACITY);
  #next = new Int32Array(FIRST_CAPACITY);
  #buckets = new Int32Array(FIRST_CAPACITY).fill(NONE);

  get size(): number {
    return this.#size;
  }

  find(key: Uint8Array): KeptKey | undefined {
    const row = this.#find(key);
    if (row === NONE) return undefined;
    return {
      digest: this.#digests.slice(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES),
      at: this.#at[row]!,
      until: this.#until[row]!,
    };
  }

  /** Replaces what is there of this key. */
  add(key: Uint8Array, { digest, at, until }: KeptKey): void {
    let row = this.#find(key);
    if (row === NONE) {
      if (this.#size === this.#capacity) this.#grow();
      row = (this.#first + this.#size) % this.#capacity;
      this.#size++;
      this.#keys.set(key, row * KEY_BYTES);
      this.#link(row);
    }
    this.#digests.set(digest, row * DIGEST_BYTES);
    this.#at[row] = at;
    this.#until[row] = until;
  }

  /** Forgets those at the front that count no more. @param now milliseconds since the epoch */
  expire(now: number): void {
    while (this.#size > 0 && this.#until[this.#first]! <= now) {
      this.#unlink(this.#first);
      this.#first = (this.#first + 1) % this.#capacity;
      this.#size--;
    }
  }

  #find(key: Uint8Array): number {
    let row = this.#buckets[this.#bucketOf(key, 0)]!;
    while (row !== NONE && !this.#isAt(row, key)) row = this.#next[row]!;
    return row;
  }

  #isAt(row: number, key: Uint8Array): boolean {
    const from = row * KEY_BYTES;
    for (let i = 0; i < KEY_BYTES; i++) if (this.#keys[from + i] !== key[i]) return false;
    return true;
  }

  /** A key is a hash already: its first bytes are as good as any. The capacity is a power of two. */
  #bucketOf(bytes: Uint8Array, from: number): number {
    const head = bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24);
    return (head >>> 0) & (this.#capacity - 1);
  }

  #link(row: number): void {
    const bucket = this.#bucketOf(this.#keys, row * KEY_BYTES);
    this.#next[row] = this.#buckets[bucket]!;
    this.#buckets[bucket] = row;
  }

  #unlink(row: number): void {
    const bucket = this.#bucketOf(this.#keys, row * KEY_BYTES);
    if (this.#buckets[bucket] === row) {
      this.#buckets[bucket] = this.#next[row]!;
      return;
    }
    let before = this.#buckets[bucket]!;
    while (this.#next[before] !== row) before = this.#next[before]!;
    this.#next[before] = this.#next[row]!;
  }

  #grow(): void {
    const { keys, digests, at, until } = {
      keys: this.#keys,
      digests: this.#digests,
      at: this.#at,
      until: this.#until,
    };
    const old = this.#capacity;
    this.#capacity *= 2;
    this.#keys = new Uint8Array(this.#capacity * KEY_BYTES);
    this.#digests = new Uint8Array(this.#capacity * DIGEST_BYTES);
    this.#at = new Float64Array(this.#capacity);
    this.#until = new Float64Array(this.#capacity);
    this.#next = new Int32Array(this.#capacity);
    this.#buckets = new Int32Array(this.#capacity).fill(NONE);
    for (let i = 0; i < this.#size; i++) {
      const from = (this.#first + i) % old;
      this.#keys.set(keys.subarray(from * KEY_BYTES, (from + 1) * KEY_BYTES), i * KEY_BYTES);
      this.#digests.set(digests.subarray(from * DIGEST_BYTES, (from + 1) * DIGEST_BYTES), i * DIGEST_BYTES);
      this.#at[i] = at[from]!;
      this.#until[i] = until[from]!;
      this.#link(i);
    }
    this.#first = 0;
  }
}
