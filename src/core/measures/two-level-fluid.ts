import { FluidSystem } from './fluid-system.js';

/**
 * The ideal on two levels: service is split between tenants, and what a tenant gets between its users. A tenant's own system
 * is served when somebody asks, since what it splits is an amount, and not a time.
 */
export class TwoLevelFluid {
  readonly #between: FluidSystem;
  readonly #inside: readonly FluidSystem[];
  /** A user's number among the users of its tenant. */
  readonly #place: Uint32Array;
  /** What each tenant's own system has been served. */
  readonly #given: Float64Array;
  readonly #weights: Float64Array;

  /** @param tenantOf a tenant's number for each user */
  constructor(
    private readonly tenantOf: Uint32Array,
    users: Float64Array,
    tenants: Float64Array,
  ) {
    const sizes = new Uint32Array(tenants.length);
    this.#place = tenantOf.map((tenant) => sizes[tenant]!++);
    this.#weights = users.slice();
    this.#between = new FluidSystem(tenants);
    this.#inside = this.#split(users, tenants.length).map((own) => new FluidSystem(own));
    this.#given = new Float64Array(tenants.length);
  }

  arrive(user: number, units: number): void {
    const tenant = this.tenantOf[user]!;
    this.#settle(tenant);
    this.#inside[tenant]!.arrive(this.#place[user]!, units);
    // What may not be served is no reason to give its tenant anything.
    if (this.#weights[user]! > 0) this.#between.arrive(tenant, units);
  }

  serve(units: number): void {
    this.#between.serve(units);
  }

  served(user: number): number {
    const tenant = this.tenantOf[user]!;
    this.#settle(tenant);
    return this.#inside[tenant]!.served(this.#place[user]!);
  }

  /** From here on service is split by these weights; see `FluidSystem`. */
  reweigh(users: Float64Array, tenants: Float64Array): void {
    for (let tenant = 0; tenant < tenants.length; tenant++) this.#settle(tenant);
    for (const [user, weight] of users.entries()) {
      if (weight > 0 === this.#weights[user]! > 0) continue;
      const tenant = this.tenantOf[user]!;
      const waiting = this.#inside[tenant]!.waiting(this.#place[user]!);
      if (waiting > 0) this.#between.arrive(tenant, weight > 0 ? waiting : -waiting);
    }
    this.#weights.set(users);
    this.#between.reweigh(tenants);
    for (const [tenant, own] of this.#split(users, tenants.length).entries())
      this.#inside[tenant]!.reweigh(own);
  }

  #settle(tenant: number): void {
    const now = this.#between.served(tenant);
    this.#inside[tenant]!.serve(now - this.#given[tenant]!);
    this.#given[tenant] = now;
  }

  /** Those of each tenant's users, in the order of their places. */
  #split(users: Float64Array, tenants: number): Float64Array[] {
    const all = Array.from({ length: tenants }, (): number[] => []);
    for (const [user, weight] of users.entries()) all[this.tenantOf[user]!]!.push(weight);
    return all.map((own) => Float64Array.from(own));
  }
}
