import { setTimeout as delay } from 'node:timers/promises';
import type { IdleCheck } from './idle-check.js';

const CHECK_EVERY_MS = 25;

/** Waits until there is nothing left to do. */
export class IdleWait {
  #closed = false;

  constructor(private readonly check: Pick<IdleCheck, 'isOver'>) {}

  /** Resolves with true when nothing is left, or with false after `close`; rejects where nobody can tell. */
  async over(): Promise<boolean> {
    while (!this.#closed) {
      try {
        if (await this.check.isOver()) return true;
      } catch (error) {
        if (!this.#closed) throw error;
      }
      await delay(CHECK_EVERY_MS);
    }
    return false;
  }

  close(): void {
    this.#closed = true;
  }
}
