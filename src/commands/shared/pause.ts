import { setTimeout as delay } from 'node:timers/promises';
import { deferred } from '../../core/values/deferred.js';

/** Waits between the rounds of what goes on until it is ended. */
export class Pause {
  readonly #stop = new AbortController();

  get ended(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Ends the wait that is under way, too. */
  end(): void {
    this.#stop.abort();
  }

  /** Resolves with the answer, or with undefined where the pause is ended before that. */
  async orEnd<T>(answer: Promise<T>): Promise<T | undefined> {
    answer.catch(() => {}); // the answer may come when nobody waits for it any more
    const { signal } = this.#stop;
    if (signal.aborted) return undefined;
    const ended = deferred<undefined>();
    const end = () => ended.resolve(undefined);
    signal.addEventListener('abort', end);
    try {
      return await Promise.race([answer, ended.promise]);
    } finally {
      // A pause has any number of rounds: each would leave a listener behind.
      signal.removeEventListener('abort', end);
    }
  }

  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {}); // it was ended
  }
}
