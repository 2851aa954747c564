import type { InForce } from '../../../core/policy/policy.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';
import type { Steered } from './steering.js';

/** Gives each tenant the weight that the policy says; where it says none, the one of the worker's own flags. */
export class TenantWeightSteering implements Steered {
  constructor(
    private readonly ownWeight: (tenant: string) => number,
    private readonly scheduler: Pick<Scheduler<unknown>, 'tenants'>,
  ) {}

  apply({ lane: { tenant } }: ConsumedQueue, _: InForce, { weight }: InForce): undefined {
    if (tenant === undefined) return;
    const now = weight?.value ?? this.ownWeight(tenant.name);
    if (now !== tenant.weight) this.scheduler.tenants?.setWeight(tenant, now);
  }
}
