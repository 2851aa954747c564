import { Problem } from '../http/problem.js';

const TITLE = 'Too many batches are under way';
const AGAIN = { retryAfterSeconds: 2 };

/** Counts batches, so that they are no more than may be, and nobody has all of them. */
export class OpenBatches {
  readonly #byUser = new Map<string, number>();
  #count = 0;

  constructor(
    private readonly most: number,
    private readonly mostOfUser: number,
  ) {}

  /**
   * @returns is to be called once, when the batch has ended
   * @throws Problem 429, 503
   */
  enter(user: string): () => void {
    const ofUser = this.#byUser.get(user) ?? 0;
    if (ofUser >= this.mostOfUser) {
      const detail = `This user has ${this.mostOfUser}, and no more are given to one.`;
      throw new Problem(429, 'too-many-batches', TITLE, detail, AGAIN);
    }
    if (this.#count >= this.most) throw new Problem(503, 'too-many-batches', TITLE, undefined, AGAIN);
    this.#count++;
    this.#byUser.set(user, ofUser + 1);
    return () => {
      this.#count--;
      const left = (this.#byUser.get(user) ?? 1) - 1;
      if (left === 0) this.#byUser.delete(user);
      else this.#byUser.set(user, left);
    };
  }
}
