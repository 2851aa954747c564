import { type Deferred, deferred } from '../../core/values/deferred.js';
import { Deque } from '../../core/values/deque.js';
import type { BodyLine, BodyLines } from '../http/body-lines.js';
import type { BodyPieces } from '../http/body-pieces.js';
import { Problem } from '../http/problem.js';

/** Lines that are under way, or whose answers nobody has taken; and their characters. */
const MOST_LINES = 2_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** Characters of answers that are handed on together. */
const ANSWERS_AT_ONCE = 32 * 1024;

interface Slot {
  readonly characters: number;
  /** Undefined while it is under way. */
  answer: string | undefined;
}

export interface BatchDeps {
  readonly pieces: BodyPieces;
  readonly lines: BodyLines;
  /** The answer to a line; it never rejects. */
  readonly answer: (line: BodyLine) => Promise<object>;
  /** A problem of what was read, and not of a line. */
  readonly problemOf: (error: unknown) => Problem;
  /** As `Sending.room`. */
  readonly room: () => Promise<unknown> | undefined;
  /** Nobody has taken an answer for so long: whoever asked is cut off. Milliseconds. */
  readonly unreadWithinMs: number;
  readonly cutOff: () => void;
}

/**
 * Answers a body line by line, in the order of the lines, while it comes. What nobody reads is not answered, and then
 * nothing more is read: no more than a window is held in memory.
 */
export class Batch {
  readonly #slots = new Deque<Slot>();
  #characters = 0;
  /** Of the line that comes next. */
  #next = 1;
  #isRead = false;
  #stopped: Problem | undefined;
  #news = deferred();
  #taken: Deferred<void> | undefined;
  readonly #ended = deferred();
  /** Resolves when all has been answered, or nobody reads any more. */
  readonly ended = this.#ended.promise;

  constructor(private readonly deps: BatchDeps) {}

  /** Takes no more lines: those that were taken are answered, and then this is said. */
  stop(problem: Problem): void {
    this.#stopped ??= problem;
    this.deps.pieces.stop(problem);
    this.#taken?.resolve();
  }

  /** The answers. */
  stream(): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    void this.#read();
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const text = await this.#answers();
          if (text !== undefined) controller.enqueue(encoder.encode(text));
          else {
            this.#ended.resolve();
            controller.close();
          }
        },
        cancel: () => {
          this.#ended.resolve();
          this.stop(new Problem(400, 'body-cut-off', 'Nobody reads the answers'));
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #read(): Promise<void> {
    const { pieces, lines, problemOf } = this.deps;
    try {
      for await (const some of lines.of(pieces)) {
        for (const line of some) {
          await this.#room();
          if (this.#stopped !== undefined) throw this.#stopped;
          this.#begin(line);
        }
      }
    } catch (error) {
      const problem = this.#stopped ?? problemOf(error);
      this.#push({ characters: 0, answer: written({ line: this.#next, problem: problem.document() }) });
    } finally {
      pieces.close();
      this.#isRead = true;
      this.#news.resolve();
    }
  }

  #begin(line: BodyLine): void {
    this.#next = line.number + 1;
    const slot: Slot = { characters: line.text?.length ?? 0, answer: undefined };
    this.#push(slot);
    void this.deps.answer(line).then((answer) => {
      slot.answer = written(answer);
      if (this.#slots.first === slot) this.#news.resolve();
    });
  }

  #push(slot: Slot): void {
    this.#slots.push(slot);
    this.#characters += slot.characters;
    if (this.#slots.first === slot) this.#news.resolve();
  }

  async #room(): Promise<void> {
    while (this.#isFull && this.#stopped === undefined) {
      const taken = deferred();
      this.#taken = taken;
      const timer = setTimeout(() => {
        if (this.#slots.first?.answer !== undefined) this.deps.cutOff();
        taken.resolve();
      }, this.deps.unreadWithinMs);
      await taken.promise;
      clearTimeout(timer);
    }
    for (let room = this.deps.room(); room !== undefined && this.#stopped === undefined; ) {
      await room;
      room = this.deps.room();
    }
  }

  get #isFull(): boolean {
    return this.#slots.size >= MOST_LINES || (this.#slots.size > 0 && this.#characters > MOST_CHARACTERS);
  }

  /** The next answers, when there are some; undefined at the end. */
  async #answers(): Promise<string | undefined> {
    for (;;) {
      let text = '';
      for (let slot = this.#slots.first; slot?.answer !== undefined; slot = this.#slots.first) {
        text += slot.answer;
        this.#slots.shift();
        this.#characters -= slot.characters;
        if (text.length >= ANSWERS_AT_ONCE) break;
      }
      if (text !== '') {
        this.#taken?.resolve();
        return text;
      }
      if (this.#isRead && this.#slots.size === 0) return undefined;
      this.#news = deferred();
      await this.#news.promise;
    }
  }
}

function written(answer: object): string {
  return `${JSON.stringify(answer)}\n`;
}
