import type { GroupReport, GroupsReport } from '../../core/measures/group-report.js';
import { formatCount } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import type { TextStyle } from '../parts/style.js';
import { furthestBehind, lagInside, renderUnits } from './units-table.js';

/** Who waited for whom between groups, which take turns, and inside of them, where nobody does. */
export function renderGroups(report: GroupsReport, style: TextStyle): string {
  const { groupBy, jainAtHalf, maxLagTasks, maxLagGroup, groups } = report;
  const furthest = furthestBehind('group', maxLagGroup, maxLagTasks, style);
  return renderUnits(
    {
      head: `Between ${formatCount(groups.length)} groups (${safeText(groupBy, style.unicode)}), fairness at half time: ${jainAtHalf.toFixed(3)}. ${furthest}`,
      units: groups,
      order: worseInside,
      heading: 'group',
      nameOf: ({ group }) => group,
      inside: [
        { heading: 'inside:\nJain', text: ({ inside }) => inside?.jainAtHalf.toFixed(3) ?? '-' },
        { heading: 'inside:\nlag', text: lagInside },
      ],
      key: 'lag: how many tasks behind its fair share. inside: among the users of the group, whose tasks run in the order in which they came.',
    },
    style,
  );
}

function worseInside(a: GroupReport, b: GroupReport): number {
  return (
    (b.inside?.maxLagTasks ?? 0) - (a.inside?.maxLagTasks ?? 0) ||
    b.maxLagTasks - a.maxLagTasks ||
    b.tasks - a.tasks
  );
}
