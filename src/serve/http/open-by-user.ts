import type { Problem } from './problem.js';

export interface OpenLimits {
  /** In all, and of one user. */
  readonly most: number;
  readonly mostOfUser: number;
  /** What whoever asks for more is told. */
  readonly tooMany: () => Problem;
  readonly tooManyOfUser: () => Problem;
}

/** Counts what users have open, so that it is no more than may be, and nobody has all of it. */
export class OpenByUser {
  readonly #byUser = new Map<string, number>();
  #count = 0;

  constructor(private readonly limits: OpenLimits) {}

  /**
   * @returns is to be called when it has ended; more than once does nothing
   * @throws Problem as the limits say
   */
  open(user: string): () => void {
    const { most, mostOfUser, tooMany, tooManyOfUser } = this.limits;
    const ofUser = this.#byUser.get(user) ?? 0;
    if (ofUser >= mostOfUser) throw tooManyOfUser();
    if (this.#count >= most) throw tooMany();
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
