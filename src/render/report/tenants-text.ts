import type { TenantReport, TenantsReport } from '../../core/reports/tenants-report.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { type Column, renderTable } from '../parts/table.js';
import { wrapText } from '../parts/text.js';
import { formatLag } from './report-text.js';

/** Those furthest behind come first; what is beyond is in --json. */
const MOST_SHOWN = 20;

/** Who waited for whom between tenants, and inside of each. */
export function renderTenants(report: TenantsReport, style: TextStyle): string {
  const { tenantOf, jainAtHalf, maxLagTasks, maxLagTenant, tenants } = report;
  const furthest =
    maxLagTenant === null
      ? 'No tenant was ever behind.'
      : `Furthest behind: ${safeText(maxLagTenant, style.unicode)}, by ${formatLag(maxLagTasks)} tasks.`;
  const count = `${formatCount(tenants.length)} ${tenants.length === 1 ? 'tenant' : 'tenants'}`;
  const head = `Between ${count} (${safeText(tenantOf, style.unicode)}), fairness at half time: ${jainAtHalf.toFixed(3)}. ${furthest}`;
  const shown = [...tenants]
    .sort((a, b) => b.maxLagTasks - a.maxLagTasks || b.tasks - a.tasks)
    .slice(0, MOST_SHOWN);
  const hidden = tenants.length - shown.length;
  const more = hidden > 0 ? `${formatCount(hidden)} more are not shown. ` : '';
  const key =
    'lag: how many tasks behind its fair share among the tenants. inside: the most that a user of it was behind among the users of the tenant.';
  return [
    ...wrapText(head, style).map((line) => paint('strong', line, style)),
    '',
    renderTable(columnsOf(report, style), shown, style),
    ...wrapText(more + key, style).map((line) => paint('quiet', line, style)),
  ].join('\n');
}

function columnsOf({ tenants }: TenantsReport, { unicode }: TextStyle): Column<TenantReport>[] {
  const dwell = (pick: 'p50' | 'p95') => (tenant: TenantReport) =>
    tenant.dwellMs === null ? '-' : formatDuration(tenant.dwellMs[pick]);
  const missing: Column<TenantReport> = {
    heading: 'missing',
    text: (tenant) => (tenant.missing === null ? '-' : formatCount(tenant.missing)),
  };
  return [
    {
      heading: 'tenant',
      text: ({ tenant }) => safeText(tenant, unicode),
      align: 'left',
      shrinkTo: 10,
      whole: true,
    },
    { heading: 'users', text: ({ users }) => formatCount(users) },
    { heading: 'tasks', text: ({ tasks }) => formatCount(tasks) },
    ...(tenants.some((tenant) => (tenant.missing ?? 0) > 0) ? [missing] : []),
    { heading: 'dwell\np50', text: dwell('p50'), dropOrder: 2 },
    { heading: 'dwell\np95', text: dwell('p95'), dropOrder: 1 },
    { heading: 'lag', text: ({ maxLagTasks }) => formatLag(maxLagTasks) },
    {
      heading: 'inside',
      text: ({ inside }) => (inside === null ? '-' : formatLag(inside.maxLagTasks)),
    },
    {
      heading: 'whose',
      text: ({ inside }) => safeText(inside?.maxLagUser ?? '', unicode),
      align: 'left',
      shrinkTo: 8,
      whole: true,
    },
  ];
}
