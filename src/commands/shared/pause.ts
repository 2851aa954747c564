import { setTimeout as delay } from 'node:timers/promises';

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

  /** Resolves with the answer, or with undefined where it is ended before that. */
  async orEnd<T>(answer: Promise<T>): Promise<T | undefined> {
    answer.catch(() => {}); // it may come when nobody waits for it any more
    const { signal } = this.#stop;
    if (signal.aborted) return undefined;
    const ended = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    return Promise.race([answer, ended]);
  }

  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {}); // it was ended
  }
}
