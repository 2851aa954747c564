import type { TenantReport, TenantsReport } from '../../core/reports/tenants-report.js';
import { formatCount } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import type { TextStyle } from '../parts/style.js';
import { type AtOnceShown, atOnceText } from './at-once-text.js';
import { furthestBehind, lagInside, renderUnits } from './units-table.js';

/** Who waited for whom between tenants, and inside of each. */
export function renderTenants(report: TenantsReport, style: TextStyle, atOnce?: AtOnceShown): string {
  const { tenantOf, jainAtHalf, maxLagTasks, maxLagTenant, tenants } = report;
  const furthest = furthestBehind('tenant', maxLagTenant, maxLagTasks, style);
  const count = `${formatCount(tenants.length)} ${tenants.length === 1 ? 'tenant' : 'tenants'}`;
  return renderUnits<TenantReport>(
    {
      head: `Between ${count} (${safeText(tenantOf, style.unicode)}), fairness at half time: ${jainAtHalf.toFixed(3)}. ${furthest}`,
      units: tenants,
      // Those furthest behind come first.
      order: (a, b) => b.maxLagTasks - a.maxLagTasks || b.tasks - a.tasks,
      heading: 'tenant',
      nameOf: ({ tenant }) => tenant,
      ...(atOnce && {
        own: [{ heading: 'most\nat once', text: (one) => atOnceText(one, atOnce.capOf(one.tenant)) }],
      }),
      inside: [{ heading: 'inside', text: lagInside }],
      key: 'lag: how many tasks behind its fair share among the tenants. inside: the most that a user of it was behind among the users of the tenant.',
    },
    style,
  );
}
