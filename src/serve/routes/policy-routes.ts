import { z } from 'zod';
import { areAllInForce } from '../../core/policy/policy-changes.js';
import type { Api } from '../http/api.js';
import { etagOf, hasRevision } from '../http/preconditions.js';
import { POLICY, POLICY_HISTORY } from '../policy/policy-schemas.js';
import { historyView, policyView } from '../policy/policy-views.js';
import { json } from './json.js';
import { addPolicyRoutesOf, ETAG } from './named-policy-routes.js';
import type { Services } from './services.js';

const MOST_CHANGES = 100;

/** What operators set while tasks run: by the same rules, and in the same words, as `fairq policy`. */
export function addPolicyRoutes(api: Api, services: Services): void {
  const { policy, nowMicros } = services;
  const now = () => Math.floor(nowMicros() / 1_000);

  api.add(
    {
      id: 'getPolicy',
      method: 'get',
      path: '/v1/policy',
      tag: 'policy',
      role: 'viewer',
      summary: 'Everything that is set for users and tenants, until when, by whom and why.',
      headers: { 'If-None-Match': 'an ETag: answered with 304 where nothing has changed since' },
      answers: {
        200: { description: 'the policy', schema: POLICY, headers: ETAG },
        304: { description: 'it is as it was' },
        503: { description: 'the policy cannot be read' },
      },
    },
    async ({ request }) => {
      const { document } = await policy.now();
      const headers = { etag: etagOf(document.revision) };
      // What ends by itself makes no revision.
      const isSame = hasRevision(request, document.revision) && areAllInForce(document.rules, now());
      if (isSame) return new Response(null, { status: 304, headers });
      return json(200, policyView(document, now()), headers);
    },
  );

  api.add(
    {
      id: 'getPolicyHistory',
      method: 'get',
      path: '/v1/policy/history',
      tag: 'policy',
      role: 'viewer',
      summary: 'Every change of the policy that the broker still has.',
      query: z.strictObject({
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(MOST_CHANGES)
          .default(50)
          .describe('so many, the last ones'),
        before: z.coerce.number().int().min(1).optional().describe('those before this revision alone'),
        rules: z
          .enum(['true', 'false'])
          .default('true')
          .describe('false leaves out all that was set, and tells what was changed'),
      }),
      answers: {
        200: { description: 'the changes', schema: POLICY_HISTORY },
        503: { description: 'the policy cannot be read' },
      },
    },
    async ({ query }) => {
      const { limit, before = Number.POSITIVE_INFINITY, rules } = query;
      const all = await policy.history();
      const chosen = all.filter(({ revision }) => revision < before);
      const shown = chosen.slice(-limit);
      return json(200, {
        changes: historyView(all, shown, rules === 'true'),
        hidden: chosen.length - shown.length,
      });
    },
  );

  addPolicyRoutesOf(api, services, 'user', now);
  addPolicyRoutesOf(api, services, 'tenant', now);
}
