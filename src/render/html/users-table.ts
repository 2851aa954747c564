import type { RunReport, UserReport } from '../../core/reports/run-report.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { html, type Markup } from './markup.js';

/** So many are in the page for who has no scripts, or prints it; the search finds the others. */
export const ROWS_SHOWN = 100;

export interface TableResult {
  readonly label: string;
  readonly report: RunReport;
}

const COLUMNS = [
  'user',
  'tasks',
  'waiting',
  'missing',
  'failed',
  'first start',
  'last done',
  'p50',
  'p95',
  'p99',
  'max',
  'largest lag',
] as const;

/** Every user, with a search and a sort where scripts run. */
export function usersTable({ label, report }: TableResult, index: number): Markup {
  const { users } = report;
  const rows = users.slice(0, ROWS_SHOWN).map((user) => {
    const [name = '', ...figures] = cells(user);
    return html`<tr><th scope="row">${name}</th>${figures.map((text) => html`<td>${text}</td>`)}</tr>`;
  });
  const more = users.length - rows.length;
  return html`<section class="users" data-result="${index}">
${label === '' ? null : html`<h3>${label}</h3>`}
<label class="search" hidden>Find a user <input type="search" autocomplete="off" spellcheck="false"></label>
<div class="scroll"><table><caption>${formatCount(users.length)} ${users.length === 1 ? 'user' : 'users'}; times are dwell, positions count from 1 among all tasks</caption>
<thead><tr>${COLUMNS.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="note more">${more > 0 ? `and ${formatCount(more)} more, in the search and in the data of this page` : ''}</p>
</section>`;
}

/** The same texts as the script of the page makes for those that it finds. */
function cells({
  user,
  tasks,
  waiting,
  missing,
  failed,
  firstStartPosition,
  lastCompletionPosition,
  dwellMs,
  maxLagTasks,
}: UserReport): string[] {
  const count = (value: number | null) => (value === null ? '-' : formatCount(value));
  const time = (which: 'p50' | 'p95' | 'p99' | 'max') =>
    dwellMs === null ? '-' : formatDuration(dwellMs[which]);
  return [
    user,
    formatCount(tasks),
    count(waiting),
    count(missing),
    count(failed),
    count(firstStartPosition),
    count(lastCompletionPosition),
    ...[time('p50'), time('p95'), time('p99'), time('max')],
    maxLagTasks < 9.95 ? maxLagTasks.toFixed(1) : formatCount(maxLagTasks),
  ];
}
