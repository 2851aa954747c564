import { FluidSystem } from './fluid-system.js';
import type { Shares } from './shares.js';
import { TwoLevelFluid } from './two-level-fluid.js';

/** What a run is held against: a fluid system on one level or two, whose weights change as the shares say. */
export class Ideal {
  readonly fluid: Pick<FluidSystem, 'arrive' | 'serve' | 'served'>;
  readonly #reweigh: (at: number) => void;
  #next = 0;

  constructor(
    users: readonly string[],
    private readonly shares: Shares,
  ) {
    const { tenants } = shares;
    const ofUsers = (at: number) => Float64Array.from(users, (user) => shares.weightOf(user, at));
    const before = Number.NEGATIVE_INFINITY;
    if (tenants === undefined) {
      const fluid = new FluidSystem(ofUsers(before));
      this.fluid = fluid;
      this.#reweigh = (at) => fluid.reweigh(ofUsers(at));
      return;
    }
    const numbers = new Map<string, number>();
    const tenantOf = Uint32Array.from(users, (user) => {
      const tenant = tenants.tenantOf(user);
      if (!numbers.has(tenant)) numbers.set(tenant, numbers.size);
      return numbers.get(tenant)!;
    });
    const names = [...numbers.keys()];
    const ofTenants = (at: number) => Float64Array.from(names, (tenant) => tenants.weightOf(tenant, at));
    const fluid = new TwoLevelFluid(tenantOf, ofUsers(before), ofTenants(before));
    this.fluid = fluid;
    this.#reweigh = (at) => fluid.reweigh(ofUsers(at), ofTenants(at));
  }

  /** What comes next comes at this moment. */
  goTo(now: number): void {
    const { changes } = this.shares;
    let at: number | undefined;
    while (changes[this.#next]! <= now) at = changes[this.#next++];
    if (at !== undefined) this.#reweigh(at);
  }
}
