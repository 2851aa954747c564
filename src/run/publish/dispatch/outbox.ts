import { deferred } from '../../../core/values/deferred.js';
import type { PlannedTask } from '../planned-task.js';

/** Tasks that are handed on together. Whose they are is said before, of all of them at once. */
const MOST_AT_ONCE = 1_000;

/** Tasks that wait to be sent, in their order. */
export class Outbox {
  readonly #waiting: PlannedTask[] = [];
  #isEnded = false;
  #hasHandedOn = false;
  #news = deferred();

  /** Some of them are on their way. */
  get hasHandedOn(): boolean {
    return this.#hasHandedOn;
  }

  add(task: PlannedTask): void {
    this.#waiting.push(task);
    this.#news.resolve();
  }

  /** Nothing more comes; what waits is still handed on. */
  end(): void {
    this.#isEnded = true;
    this.#news.resolve();
  }

  /** All that waits, and what comes, until `end`. */
  async *batches(): AsyncGenerator<readonly PlannedTask[]> {
    for (;;) {
      if (this.#waiting.length > 0) {
        this.#hasHandedOn = true;
        yield this.#waiting.splice(0, MOST_AT_ONCE);
      } else if (this.#isEnded) return;
      else {
        this.#news = deferred();
        await this.#news.promise;
      }
    }
  }
}
