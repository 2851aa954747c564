/** So many at a time, and one of each user; others wait for their turn, and nobody's crowd holds up another user. */
export class FairTurns {
  readonly #running = new Set<string>();
  readonly #waiting: { readonly user: string; readonly begin: () => void }[] = [];
  readonly #waitingOf = new Map<string, number>();

  /** @param mostOfUser that may wait */
  constructor(
    private readonly most: number,
    private readonly mostOfUser: number,
  ) {}

  /** @returns gives the turn back; undefined where too many of this user wait */
  async take(user: string): Promise<(() => void) | undefined> {
    if (this.#running.size >= this.most || this.#running.has(user)) {
      const waiting = this.#waitingOf.get(user) ?? 0;
      if (waiting >= this.mostOfUser) return undefined;
      this.#waitingOf.set(user, waiting + 1);
      await new Promise<void>((begin) => this.#waiting.push({ user, begin }));
    } else {
      this.#running.add(user);
    }
    return () => this.#next(user);
  }

  #next(ended: string): void {
    this.#running.delete(ended);
    const at = this.#waiting.findIndex(({ user }) => !this.#running.has(user));
    if (at < 0) return;
    const [next] = this.#waiting.splice(at, 1);
    const { user, begin } = next!;
    const left = (this.#waitingOf.get(user) ?? 1) - 1;
    if (left === 0) this.#waitingOf.delete(user);
    else this.#waitingOf.set(user, left);
    this.#running.add(user);
    begin();
  }
}
