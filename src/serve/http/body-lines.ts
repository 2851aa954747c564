import { isUtf8 } from 'node:buffer';
import { markLength } from '../../core/values/utf8.js';
import type { BodyPieces } from './body-pieces.js';
import { GrowingBytes } from './growing-bytes.js';
import { Problem } from './problem.js';

const NEWLINE = 0x0a;

/** A line of a body: its text, or why it has none. */
export interface BodyLine {
  /** From 1; blank lines count, and are left out. */
  readonly number: number;
  readonly text?: string;
  readonly problem?: Problem;
}

/** Cuts a body into lines. Of a line that is too long nothing is kept. */
export class BodyLines {
  readonly #begun = new GrowingBytes();
  #isTooLong = false;
  #number = 1;

  /** @param mostBytes of a line */
  constructor(private readonly mostBytes: number) {}

  /** Lines as they come, some at a time. Throws as `BodyPieces.next` does. */
  async *of(pieces: BodyPieces): AsyncGenerator<readonly BodyLine[]> {
    for (;;) {
      const piece = await pieces.next();
      if (piece === undefined) break;
      const lines = [...this.#linesIn(piece)];
      if (lines.length > 0) yield lines;
    }
    if (this.#begun.length > 0 || this.#isTooLong) yield [...this.#line(Buffer.alloc(0))];
  }

  *#linesIn(piece: Uint8Array): Generator<BodyLine> {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let from = 0;
    for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      yield* this.#line(bytes.subarray(from, to));
      from = to + 1;
    }
    this.#begin(bytes.subarray(from));
  }

  #begin(bytes: Buffer): void {
    this.#isTooLong ||= this.#begun.length + bytes.length > this.mostBytes;
    if (this.#isTooLong) this.#begun.clear();
    else if (bytes.length > 0) this.#begun.append(bytes);
  }

  /** @param end what was not kept of it before */
  *#line(end: Buffer): Generator<BodyLine> {
    const number = this.#number++;
    let bytes = end;
    if (this.#isTooLong || this.#begun.length > 0) {
      this.#begin(end);
      bytes = this.#begun.take();
    }
    const isTooLong = this.#isTooLong || bytes.length > this.mostBytes;
    this.#isTooLong = false;
    if (isTooLong) {
      const detail = `At most ${this.mostBytes} bytes are taken.`;
      yield { number, problem: new Problem(413, 'line-too-long', 'The line is too long', detail) };
    } else if (!isUtf8(bytes)) {
      yield { number, problem: new Problem(400, 'not-utf8', 'The line is not valid UTF-8') };
    } else {
      const text = bytes.toString('utf8', number === 1 ? markLength(bytes) : 0);
      if (text.trim() !== '') yield { number, text };
    }
  }
}
