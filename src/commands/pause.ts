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

  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {}); // it was ended
  }
}
