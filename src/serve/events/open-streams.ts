import { Problem } from '../http/problem.js';

/** Of one user: a browser opens some for each page. */
const MOST_OF_USER = 20;
const TITLE = 'Too many event streams are open';
/** There may be room again then. */
const AGAIN = { retryAfterSeconds: 5 };

/** Counts event streams, so that they are no more than may be. */
export class OpenStreams {
  readonly #byUser = new Map<string, number>();
  #count = 0;

  constructor(private readonly most: number) {}

  /**
   * @returns is to be called when the stream has ended; more than once does nothing
   * @throws Problem 429, 503
   */
  open(user: string): () => void {
    const ofUser = this.#byUser.get(user) ?? 0;
    if (ofUser >= MOST_OF_USER) {
      const detail = `This user has ${MOST_OF_USER} open, and no more are given to one.`;
      throw new Problem(429, 'too-many-streams', TITLE, detail, AGAIN);
    }
    if (this.#count >= this.most) {
      throw new Problem(503, 'too-many-streams', TITLE, `${this.most} are open.`, AGAIN);
    }
    this.#count++;
    this.#byUser.set(user, ofUser + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#count--;
      const left = (this.#byUser.get(user) ?? 1) - 1;
      if (left === 0) this.#byUser.delete(user);
      else this.#byUser.set(user, left);
    };
  }
}
