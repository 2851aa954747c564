import type { Lane, Tenant } from '../../../core/scheduling/scheduler.js';

type PartLane = Pick<Lane<unknown>, 'weight' | 'tenant'>;

/**
 * How much a user counts against all others: its weight, and where there are tenants its part of its tenant's weight,
 * which is shared by those of its users that have tasks here.
 */
export class TenantParts {
  /** The weights of a tenant's users together. */
  readonly #sums = new Map<Tenant, number>();

  /** @param queues of users that have tasks here */
  sumUp(queues: Iterable<{ readonly lane: PartLane }>): void {
    this.#sums.clear();
    for (const { lane } of queues) this.add(lane);
  }

  add({ tenant, weight }: PartLane): void {
    if (tenant !== undefined) this.#sums.set(tenant, (this.#sums.get(tenant) ?? 0) + weight);
  }

  of({ tenant, weight }: PartLane): number {
    if (tenant === undefined) return weight;
    return (tenant.weight * weight) / Math.max(weight, this.#sums.get(tenant) ?? 0);
  }
}
