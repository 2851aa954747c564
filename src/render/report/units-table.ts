import type { UnitReport } from '../../core/reports/units-report.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { type Column, renderTable } from '../parts/table.js';
import { wrapText } from '../parts/text.js';
import { formatLag } from './report-text.js';

/** Those that come first; what is beyond is in --json. */
export const MOST_SHOWN = 20;

/** What a table of groups, or of tenants, is made of. */
export interface UnitsTable<Unit extends UnitReport> {
  /** What stands above it. */
  readonly head: string;
  readonly units: readonly Unit[];
  /** Which comes first. */
  readonly order: (a: Unit, b: Unit) => number;
  /** The column of their names. */
  readonly heading: string;
  readonly nameOf: (unit: Unit) => string;
  /** Columns of what there is of one kind of unit alone. */
  readonly own?: readonly Column<Unit>[];
  /** Columns of how its users fared among themselves. */
  readonly inside: readonly Column<Unit>[];
  /** What the columns mean. */
  readonly key: string;
}

export function renderUnits<Unit extends UnitReport>(table: UnitsTable<Unit>, style: TextStyle): string {
  const { head, units, order, key } = table;
  const shown = [...units].sort(order).slice(0, MOST_SHOWN);
  const hidden = units.length - shown.length;
  const more = hidden > 0 ? `${formatCount(hidden)} more are not shown. ` : '';
  return [
    ...wrapText(head, style).map((line) => paint('strong', line, style)),
    '',
    renderTable(columnsOf(table, style), shown, style),
    ...wrapText(more + key, style).map((line) => paint('quiet', line, style)),
  ].join('\n');
}

/** Who was behind most, as a sentence. */
export function furthestBehind(
  what: string,
  name: string | null,
  maxLagTasks: number,
  { unicode }: TextStyle,
): string {
  return name === null
    ? `No ${what} was ever behind.`
    : `Furthest behind: ${safeText(name, unicode)}, by ${formatLag(maxLagTasks)} tasks.`;
}

/** How far a user was behind among the users of its unit, at the most. */
export function lagInside({ inside }: UnitReport): string {
  return inside === null ? '-' : formatLag(inside.maxLagTasks);
}

function columnsOf<Unit extends UnitReport>(
  { units, heading, nameOf, own = [], inside: columns }: UnitsTable<Unit>,
  { unicode }: TextStyle,
): Column<Unit>[] {
  const dwell = (pick: 'p50' | 'p95') => (unit: Unit) =>
    unit.dwellMs === null ? '-' : formatDuration(unit.dwellMs[pick]);
  const missing: Column<Unit> = {
    heading: 'missing',
    text: (unit) => (unit.missing === null ? '-' : formatCount(unit.missing)),
  };
  return [
    { heading, text: (unit) => safeText(nameOf(unit), unicode), align: 'left', shrinkTo: 10, whole: true },
    { heading: 'users', text: ({ users }) => formatCount(users) },
    { heading: 'tasks', text: ({ tasks }) => formatCount(tasks) },
    ...(units.some((unit) => (unit.missing ?? 0) > 0) ? [missing] : []),
    ...own,
    { heading: 'dwell\np50', text: dwell('p50'), dropOrder: 2 },
    { heading: 'dwell\np95', text: dwell('p95'), dropOrder: 1 },
    { heading: 'lag', text: ({ maxLagTasks }) => formatLag(maxLagTasks) },
    ...columns,
    {
      heading: 'whose',
      text: ({ inside }) => safeText(inside?.maxLagUser ?? '', unicode),
      align: 'left',
      shrinkTo: 8,
      whole: true,
    },
  ];
}
