import { z } from 'zod';
import type { Api } from '../http/api.js';
import { Problem } from '../http/problem.js';
import { ONE_TENANT, TENANTS, tenantView } from '../overview/overview-views.js';
import { json } from './json.js';
import type { Services } from './services.js';

const MOST_SHOWN = 1_000;
const MOST_CHARACTERS = 1_000;

const TENANTS_QUERY = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MOST_SHOWN).default(100),
  search: z.string().max(MOST_CHARACTERS).optional().describe('a part of the name, in capitals or not'),
});

const ANSWERS = {
  404: { description: 'the server was started without --tenant-of, or nobody has heard of the tenant' },
  503: { description: 'the broker does not say, and why' },
};

/** How tenants fare: `/v1/tenants`. */
export function addTenantRoutes(api: Api, { overview, requireOwnQueues }: Services): void {
  const all = async () => {
    requireOwnQueues();
    const found = await overview.tenants();
    if (found !== undefined) return found;
    throw new Problem(
      404,
      'no-tenants',
      'This server does not know whom users belong to',
      'Start it with --tenant-of, as the workers.',
    );
  };

  api.add(
    {
      id: 'listTenants',
      method: 'get',
      path: '/v1/tenants',
      tag: 'overview',
      role: 'viewer',
      summary: 'How tenants fare now: the users of each together.',
      query: TENANTS_QUERY,
      answers: { 200: { description: 'those with the largest backlog', schema: TENANTS }, ...ANSWERS },
    },
    async ({ query: { search = '', limit } }) => {
      const { age, tenants } = await all();
      const wanted = search.toLowerCase();
      const found = tenants.filter(({ tenant }) => tenant.toLowerCase().includes(wanted));
      const sorted = found.toSorted(
        (a, b) =>
          (b.backlog ?? 0) - (a.backlog ?? 0) ||
          (b.share ?? 0) - (a.share ?? 0) ||
          (a.tenant < b.tenant ? -1 : 1),
      );
      return json(200, {
        ...age,
        tenants: sorted.slice(0, limit).map(tenantView),
        total: found.length,
      });
    },
  );

  api.add(
    {
      id: 'getTenant',
      method: 'get',
      path: '/v1/tenants/{tenant}',
      tag: 'overview',
      role: 'viewer',
      summary: 'How a tenant fares now.',
      answers: { 200: { description: 'its figures', schema: ONE_TENANT }, ...ANSWERS },
    },
    async ({ params: { tenant = '' } }) => {
      const { age, tenants } = await all();
      const found = tenants.find((one) => one.tenant === tenant);
      if (found !== undefined) return json(200, { ...age, ...tenantView(found) });
      throw new Problem(404, 'no-such-tenant', 'Nobody has heard of this tenant', undefined);
    },
  );
}
