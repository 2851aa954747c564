/**
 * Follows, for every two users, how far the one gets ahead of the other while the other is backlogged.
 * Service is divided by weight and counts when a task starts.
 *
 * Whatever the one does meanwhile - backlogged, resting, coming back - it may not gain more on the other
 * than the bound. Of two users that are both backlogged that holds both ways.
 */
export class ServiceGaps {
  readonly #service: number[];
  /** For each user with a backlog the smallest lead that every user has had over it since that began. */
  readonly #leads: (number[] | undefined)[];

  constructor(
    users: number,
    private readonly bound: (ahead: number, behind: number) => number,
  ) {
    this.#service = new Array<number>(users).fill(0);
    this.#leads = new Array<number[] | undefined>(users).fill(undefined);
  }

  /** Call it after anything that may begin or end a backlog. */
  backlog(user: number, backlogged: boolean): void {
    if (!backlogged) this.#leads[user] = undefined;
    else this.#leads[user] ??= this.#service.map((service) => service - this.#service[user]!);
  }

  /** From here on its service counts in another unit: what it has gained on others counts from now. */
  reweighed(user: number): void {
    this.#leads[user] = undefined;
    for (const [behind, leads] of this.#leads.entries()) {
      if (leads !== undefined) leads[user] = this.#service[user]! - this.#service[behind]!;
    }
  }

  /** @throws Error if that is more than the bound allows */
  served(user: number, service: number): void {
    this.#service[user]! += service;
    this.#checkLeadOf(user);
    this.#noteLeadsOver(user);
  }

  #checkLeadOf(ahead: number): void {
    for (const [behind, leads] of this.#leads.entries()) {
      if (leads === undefined || behind === ahead) continue;
      const gained = this.#service[ahead]! - this.#service[behind]! - leads[ahead]!;
      const bound = this.bound(ahead, behind);
      if (gained > bound * (1 + 1e-9)) {
        throw new Error(`user ${ahead} gained ${gained} on user ${behind}, and ${bound} is the bound`);
      }
    }
  }

  #noteLeadsOver(behind: number): void {
    const leads = this.#leads[behind];
    if (leads === undefined) return;
    for (const [ahead, service] of this.#service.entries()) {
      leads[ahead] = Math.min(leads[ahead]!, service - this.#service[behind]!);
    }
  }
}
