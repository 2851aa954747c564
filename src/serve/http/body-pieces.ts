import { messageOf } from '../../core/errors/errors.js';
import { type Deferred, deferred } from '../../core/values/deferred.js';
import { Problem } from './problem.js';

/** A body, piece by piece. Whoever reads it can be stopped in the middle. */
export class BodyPieces {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #waiting: Deferred<Uint8Array | undefined> | undefined;
  #stopped: Problem | undefined;

  /** @param silenceMs the next piece has come by then; endless: Infinity */
  constructor(
    body: ReadableStream<Uint8Array>,
    private readonly silenceMs: number,
  ) {
    this.#reader = body.getReader();
  }

  /**
   * The next piece; undefined at the end.
   *
   * @throws Problem 400 where it was cut off, 408 after a silence, and what it was stopped with
   */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#stopped !== undefined) throw this.#stopped;
    const { silenceMs } = this;
    const next = deferred<Uint8Array | undefined>();
    this.#waiting = next;
    const timer = Number.isFinite(silenceMs)
      ? setTimeout(() => this.stop(tooSlow(`Nothing came for ${silenceMs / 1000} s.`)), silenceMs)
      : undefined;
    this.#reader.read().then(
      ({ done, value }) => next.resolve(done ? undefined : value),
      (error) =>
        next.reject(new Problem(400, 'body-cut-off', 'The body did not come to its end', messageOf(error))),
    );
    try {
      return await next.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  /** Whoever waits for a piece, or asks for one later, is told this instead. */
  stop(problem: Problem): void {
    this.#stopped ??= problem;
    this.#waiting?.reject(this.#stopped);
  }

  /** The rest is not read. */
  close(): void {
    this.#reader.cancel().catch(() => {}); // whoever sends is told why by the answer
  }
}

export function tooSlow(detail: string): Problem {
  return new Problem(408, 'body-too-slow', 'The body came too slowly', detail, {
    headers: { connection: 'close' },
  });
}
