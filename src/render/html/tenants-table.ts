import type { TenantReport, TenantsReport } from '../../core/reports/tenants-report.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { formatLag } from '../report/report-text.js';
import { lagInside, MOST_SHOWN } from '../report/units-table.js';
import { html, type Markup } from './markup.js';

const COLUMNS = [
  'tenant',
  'users',
  'tasks',
  'missing',
  'most at once',
  'p50',
  'p95',
  'lag',
  'lag inside',
  'whose',
];

/** How tenants fared, those furthest behind first; nothing where nobody has said whom users belong to. */
export function tenantsSection(tenants: TenantsReport | undefined): Markup | null {
  if (tenants === undefined) return null;
  const { tenantOf, jainAtHalf, maxLagTenant, maxLagTasks, tenants: all } = tenants;
  const furthest =
    maxLagTenant === null
      ? 'No tenant was ever behind.'
      : `Furthest behind: ${maxLagTenant}, by ${formatLag(maxLagTasks)} tasks.`;
  const shown = [...all]
    .sort((a, b) => b.maxLagTasks - a.maxLagTasks || b.tasks - a.tasks)
    .slice(0, MOST_SHOWN);
  const rows = shown.map((tenant) => {
    const [name = '', ...figures] = cells(tenant);
    return html`<tr><th scope="row">${name}</th>${figures.map((text) => html`<td>${text}</td>`)}</tr>`;
  });
  const more = all.length - shown.length;
  return html`<h2>Between tenants</h2>
<p class="note">By ${tenantOf}. Fairness between them at half time: ${jainAtHalf.toFixed(3)} (Jain's index). ${furthest}</p>
<section class="units"><div class="scroll"><table><caption>${formatCount(all.length)} ${all.length === 1 ? 'tenant' : 'tenants'}; times are dwell. lag: how many tasks behind its fair share among the tenants. lag inside: the most that a user of it was behind among its users</caption>
<thead><tr>${COLUMNS.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>
${more > 0 ? html`<p class="note">and ${formatCount(more)} more, in the data of this page</p>` : null}</section>`;
}

function cells(tenant: TenantReport): string[] {
  const { tenant: name, users, tasks, missing, mostRunning, dwellMs, maxLagTasks, inside } = tenant;
  const time = (which: 'p50' | 'p95') => (dwellMs === null ? '-' : formatDuration(dwellMs[which]));
  return [
    name,
    formatCount(users),
    formatCount(tasks),
    missing === null ? '-' : formatCount(missing),
    formatCount(mostRunning),
    time('p50'),
    time('p95'),
    formatLag(maxLagTasks),
    lagInside(tenant),
    inside?.maxLagUser ?? '',
  ];
}
