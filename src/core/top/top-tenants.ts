import type { InForce } from '../policy/policy.js';
import type { TopTenant, TopUser } from './top-sample.js';
import { steeringOf } from './top-steering.js';

export interface Tenancy {
  tenantOf(user: string): string;
  /** Of a tenant, where operators have set none. */
  weightOf(tenant: string): number;
  /** What operators have set for a tenant. */
  inForce(tenant: string): InForce;
}

/** What waits longest of a tenant is its wait. */
export function topTenants(users: readonly TopUser[], tenancy: Tenancy): TopTenant[] {
  const { tenantOf, inForce } = tenancy;
  const weightOf = (tenant: string) => inForce(tenant).weight?.value ?? tenancy.weightOf(tenant);
  const byTenant = new Map<string, TopUser[]>();
  for (const user of users) {
    const tenant = tenantOf(user.user);
    byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), user]);
  }
  const rows = [...byTenant].map(([tenant, own]) => ({
    tenant,
    users: own.length,
    backlog: sum(own, 'backlog'),
    unacknowledged: sum(own, 'unacknowledged'),
    unserved: own.some(({ unserved }) => unserved),
    perSecond: sum(own, 'perSecond') ?? 0,
    share: sum(own, 'share'),
    waitMs: own.reduce<number | null>(
      (most, { waitMs }) => (waitMs === null ? most : Math.max(most ?? 0, waitMs)),
      null,
    ),
    ...steeringOf(inForce(tenant), sum(own, 'running')),
  }));
  // Who has no backlog gets what it asks for, and the others split the rest.
  const asks = ({ backlog, paused }: Pick<TopTenant, 'backlog' | 'paused'>) =>
    (backlog ?? 0) > 0 && paused === null;
  const waiting = rows.filter(asks);
  const asked = rows.reduce((total, row) => total + (asks(row) ? 0 : (row.share ?? 0)), 0);
  const weights = waiting.reduce((total, { tenant }) => total + weightOf(tenant), 0);
  return rows.map((row) => ({ ...row, fairShare: fairShareOf(row) }));

  function fairShareOf(row: (typeof rows)[number]): number | null {
    const { tenant, backlog, share } = row;
    if (share === null || backlog === null) return null;
    return !asks(row) ? share : (1 - asked) * (weightOf(tenant) / weights);
  }
}

/** Null where it is not known of anybody. */
function sum(
  users: readonly TopUser[],
  field: 'running' | 'backlog' | 'unacknowledged' | 'perSecond' | 'share',
): number | null {
  let total: number | null = null;
  for (const user of users) {
    const value = user[field];
    if (value !== null) total = (total ?? 0) + value;
  }
  return total;
}
