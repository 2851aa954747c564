import type { GroupReport, GroupsReport } from '../../core/measures/group-report.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { type Column, renderTable } from '../parts/table.js';
import { wrapText } from '../parts/text.js';
import { formatLag } from './report-text.js';

/** The worst come first; what is beyond is in --json. */
const MOST_SHOWN = 20;

/** Who waited for whom between groups, which take turns, and inside of them, where nobody does. */
export function renderGroups(report: GroupsReport, style: TextStyle): string {
  const { groupBy, jainAtHalf, maxLagTasks, maxLagGroup, groups } = report;
  const furthest =
    maxLagGroup === null
      ? 'No group was ever behind.'
      : `Furthest behind: ${safeText(maxLagGroup, style.unicode)}, by ${formatLag(maxLagTasks)} tasks.`;
  const head = `Between ${formatCount(groups.length)} groups (${safeText(groupBy, style.unicode)}), fairness at half time: ${jainAtHalf.toFixed(3)}. ${furthest}`;
  const shown = [...groups].sort(worseInside).slice(0, MOST_SHOWN);
  const more =
    groups.length > shown.length ? `${formatCount(groups.length - shown.length)} more are not shown. ` : '';
  const key =
    'lag: how many tasks behind its fair share. inside: among the users of the group, whose tasks run in the order in which they came.';
  return [
    ...wrapText(head, style).map((line) => paint('strong', line, style)),
    '',
    renderTable(columnsOf(report, style), shown, style),
    ...wrapText(more + key, style).map((line) => paint('quiet', line, style)),
  ].join('\n');
}

function worseInside(a: GroupReport, b: GroupReport): number {
  return (
    (b.inside?.maxLagTasks ?? 0) - (a.inside?.maxLagTasks ?? 0) ||
    b.maxLagTasks - a.maxLagTasks ||
    b.tasks - a.tasks
  );
}

function columnsOf({ groups }: GroupsReport, { unicode }: TextStyle): Column<GroupReport>[] {
  const dwell = (pick: 'p50' | 'p95') => (group: GroupReport) =>
    group.dwellMs === null ? '-' : formatDuration(group.dwellMs[pick]);
  const missing: Column<GroupReport> = {
    heading: 'missing',
    text: (group) => (group.missing === null ? '-' : formatCount(group.missing)),
  };
  return [
    {
      heading: 'group',
      text: ({ group }) => safeText(group, unicode),
      align: 'left',
      shrinkTo: 10,
      whole: true,
    },
    { heading: 'users', text: ({ users }) => formatCount(users) },
    { heading: 'tasks', text: ({ tasks }) => formatCount(tasks) },
    ...(groups.some((group) => (group.missing ?? 0) > 0) ? [missing] : []),
    { heading: 'dwell\np50', text: dwell('p50'), dropOrder: 2 },
    { heading: 'dwell\np95', text: dwell('p95'), dropOrder: 1 },
    { heading: 'lag', text: ({ maxLagTasks }) => formatLag(maxLagTasks) },
    { heading: 'inside:\nJain', text: ({ inside }) => inside?.jainAtHalf.toFixed(3) ?? '-' },
    {
      heading: 'inside:\nlag',
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
