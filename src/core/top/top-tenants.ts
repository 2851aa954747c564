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
export function topTenants(users: readonly TopUser[], { tenantOf, weightOf, inForce }: Tenancy): TopTenant[] {
  const byTenant = new Map<string, TopUser[]>();
  for (const user of users) {
    const tenant = tenantOf(user.user);
    const own = byTenant.get(tenant);
    if (own === undefined) byTenant.set(tenant, [user]);
    else own.push(user);
  }
  const found = [...byTenant].map(([tenant, own]) => {
    const set = inForce(tenant);
    const weight = set.weight?.value ?? weightOf(tenant);
    const row = { tenant, weight, ...together(own), ...steeringOf(set, sum(own, 'running')) };
    const asks = (row.backlog ?? 0) > 0 && row.paused === null;
    return { row, asks, weight };
  });
  // Who has no backlog gets what it asks for, and the others split the rest.
  let weights = 0;
  let asked = 0;
  for (const { row, asks, weight } of found) {
    if (asks) weights += weight;
    else asked += row.share ?? 0;
  }
  return found.map(({ row, asks, weight }) => {
    const due = asks ? (1 - asked) * (weight / weights) : row.share;
    return { ...row, fairShare: row.share === null || row.backlog === null ? null : due };
  });
}

function together(users: readonly TopUser[]) {
  const shares = users.some((user) => user.shares);
  const backlog = sum(users, 'backlog');
  return {
    users: users.length,
    // Where none waits in queues of its users' own, what waits of it in shared ones is still not known.
    backlog: shares && backlog === 0 ? null : backlog,
    shares,
    atWorkers: sum(users, 'atWorkers'),
    oldestAtWorkersMs: most(users, 'oldestAtWorkersMs'),
    unacknowledged: sum(users, 'unacknowledged'),
    unserved: users.some(({ unserved }) => unserved),
    perSecond: sum(users, 'perSecond') ?? 0,
    share: sum(users, 'share'),
    waitMs: most(users, 'waitMs'),
  };
}

/** Null where it is not known of anybody. */
function sum(
  users: readonly TopUser[],
  field: 'running' | 'backlog' | 'atWorkers' | 'unacknowledged' | 'perSecond' | 'share',
): number | null {
  let total: number | null = null;
  for (const user of users) {
    const value = user[field];
    if (value !== null) total = (total ?? 0) + value;
  }
  return total;
}

/** Null where it is not known of anybody. */
function most(users: readonly TopUser[], field: 'waitMs' | 'oldestAtWorkersMs'): number | null {
  return users.reduce<number | null>((longest, user) => {
    const value = user[field];
    return value === null ? longest : Math.max(longest ?? 0, value);
  }, null);
}
