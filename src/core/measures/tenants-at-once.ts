import type { Whereabouts } from '../events/whereabouts.js';
import type { TenantReport } from '../reports/tenants-report.js';
import type { TimeWindow } from '../values/window-of-time.js';
import type { CollectedRun } from './collected-run.js';
import { executionsIn } from './executions.js';
import { runningAtOnce } from './running-at-once.js';

export type TenantAtOnce = Pick<TenantReport, 'mostRunning' | 'running' | 'unknown'>;

/**
 * What ran at once of all users of each tenant.
 *
 * @param found where those are that have not completed; undefined where nobody has looked
 */
export function tenantsAtOnce(
  run: CollectedRun,
  window: TimeWindow,
  tenants: readonly string[],
  tenantOf: (user: string) => string,
  found: ReadonlyMap<string, Whereabouts> | undefined,
): TenantAtOnce[] {
  const rank = new Map(tenants.map((tenant, i) => [tenant, i]));
  // Users have their numbers in this order.
  const users = [...run.userIndex.keys()];
  const tenantAt = Uint32Array.from(users, (user) => rank.get(tenantOf(user))!);
  const { mostOf } = runningAtOnce(executionsIn(run, tenantAt, window), tenants.length);
  const running = new Float64Array(tenants.length);
  const unknown = new Float64Array(tenants.length);
  for (const [i, user] of users.entries()) {
    const tenant = tenantAt[i]!;
    running[tenant]! += found?.get(user)?.running ?? 0;
    unknown[tenant]! += found?.get(user)?.unknown ?? 0;
  }
  const known = (count: number) => (found === undefined ? null : count);
  return tenants.map((_, i) => ({
    mostRunning: mostOf[i]!,
    running: known(running[i]!),
    unknown: known(unknown[i]!),
  }));
}
