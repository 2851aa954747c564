import type { Peers } from './peers.js';

/** Workers that are to start together: each begins when so many of them are ready. */
export class CommonStart {
  #isReady = false;
  #isOver = false;

  /**
   * @param workers how many are to be ready, this one included
   * @param start called once
   */
  constructor(
    private readonly peers: Pick<Peers, 'ready'>,
    private readonly workers: number,
    private readonly start: () => void,
  ) {}

  /** This worker is ready. */
  ready(): void {
    this.#isReady = true;
    this.check();
  }

  /** Call it when what is known of the others has changed. */
  check(): void {
    if (this.#isOver || !this.#isReady || this.peers.ready + 1 < this.workers) return;
    this.#isOver = true;
    this.start();
  }

  /** It does not start from here on. */
  close(): void {
    this.#isOver = true;
  }
}
