/** A clock of another process that is not believed: beyond it a number loses digits. */
const MOST = 2 ** 52;

/**
 * The logical clock by which Celery's processes put their messages in order: one more for each message sent, and never
 * behind what came from others.
 */
export class LamportClock {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** Something is sent. @returns its moment */
  forward(): number {
    return ++this.#value;
  }

  /** Something came from another process. @param other its moment; anybody may have written it */
  adjust(other: unknown): void {
    const isMoment = typeof other === 'number' && Number.isSafeInteger(other) && other >= 0 && other < MOST;
    this.#value = Math.max(this.#value, isMoment ? other : 0) + 1;
  }
}
