import type { TopTenant, TopUser } from './top-sample.js';

/**
 * What waits longest of a tenant is its wait.
 *
 * @param weightOf of a tenant
 */
export function topTenants(
  users: readonly TopUser[],
  tenantOf: (user: string) => string,
  weightOf: (tenant: string) => number,
): TopTenant[] {
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
  }));
  // Who has no backlog gets what it asks for, and the others split the rest.
  const waiting = rows.filter(({ backlog }) => (backlog ?? 0) > 0);
  const asked = rows.reduce(
    (total, { backlog, share }) => total + ((backlog ?? 0) > 0 ? 0 : (share ?? 0)),
    0,
  );
  const weights = waiting.reduce((total, { tenant }) => total + weightOf(tenant), 0);
  return rows.map((row) => ({ ...row, fairShare: fairShareOf(row) }));

  function fairShareOf({ tenant, backlog, share }: (typeof rows)[number]): number | null {
    if (share === null || backlog === null) return null;
    return backlog === 0 ? share : (1 - asked) * (weightOf(tenant) / weights);
  }
}

/** Null where it is not known of anybody. */
function sum(
  users: readonly TopUser[],
  field: 'backlog' | 'unacknowledged' | 'perSecond' | 'share',
): number | null {
  let total: number | null = null;
  for (const user of users) {
    const value = user[field];
    if (value !== null) total = (total ?? 0) + value;
  }
  return total;
}
