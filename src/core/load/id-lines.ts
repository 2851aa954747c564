const FIRST_SLOTS = 1_024;

/**
 * In which lines of a file an id may have been before: 12 bytes for each of millions. Ids are known by 64 bits of them
 * alone, so whoever finds a line looks into it.
 */
export class IdLines {
  #low = new Uint32Array(FIRST_SLOTS);
  #high = new Uint32Array(FIRST_SLOTS);
  /** 0: the slot is free. */
  #line = new Uint32Array(FIRST_SLOTS);
  #count = 0;

  /** Takes in a line, and gives those before it that may have the same id. */
  add(id: string, line: number): number[] {
    if (this.#count * 2 >= this.#line.length) this.#grow();
    const [low, high] = hashed(id);
    const candidates: number[] = [];
    const slot = this.#free(low, high, (at) => candidates.push(this.#line[at]!));
    this.#put(slot, low, high, line);
    this.#count++;
    return candidates;
  }

  #free(low: number, high: number, onSame: (slot: number) => void): number {
    const mask = this.#line.length - 1;
    let slot = low & mask;
    for (; this.#line[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#low[slot] === low && this.#high[slot] === high) onSame(slot);
    }
    return slot;
  }

  #put(slot: number, low: number, high: number, line: number): void {
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#line[slot] = line;
  }

  #grow(): void {
    const [lows, highs, lines] = [this.#low, this.#high, this.#line];
    this.#low = new Uint32Array(lines.length * 2);
    this.#high = new Uint32Array(lines.length * 2);
    this.#line = new Uint32Array(lines.length * 2);
    for (const [at, line] of lines.entries()) {
      if (line === 0) continue;
      const low = lows[at]!;
      const high = highs[at]!;
      this.#put(
        this.#free(low, high, () => {}),
        low,
        high,
        line,
      );
    }
  }
}

/** Two sums of FNV's kind, with different factors, each mixed at its end. */
function hashed(text: string): [number, number] {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
  }
  return [mixed(low), mixed(high ^ low)];
}

function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16);
  bits = Math.imul(bits, 0x7feb352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
