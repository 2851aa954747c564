import type { Percentiles, RunReport, UserReport } from '../../core/reports/run-report.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { colorOf, framed, LEFT, laneName, legend, points, RIGHT, round, TOP, WIDTH } from './frame.js';
import { html, type Markup } from './markup.js';
import { countScale, logTimeScale, type Scale } from './scales.js';

const ROW = 15;
const GAP = 7;
/** With more users the extremes have rows, and all of them a curve. */
const MOST_ROWS = 30;
const CURVE = 150;

export interface DwellResult {
  /** Empty where there is one alone. */
  readonly label: string;
  readonly report: RunReport;
}

/** A user, or several of them, and how long it waited in each result. */
export interface DwellRow {
  readonly user: string;
  readonly cells: readonly { readonly color: string; readonly label: string; readonly dwell: Percentiles }[];
}

/** From enqueued to started, for each user: the middle, the slowest in twenty, in a hundred, and of all. */
export function dwellSection(results: readonly DwellResult[]): Markup {
  const { users, hidden } = usersShown(results);
  if (users.length === 0) return html`<p>No task has started.</p>`;
  const rows = users.map((user): DwellRow => ({ user, cells: cellsOf(user, results) }));
  const values = rows.flatMap(({ cells }) => cells.map(({ dwell }) => dwell));
  const most = Math.max(...results.map(({ report }) => report.dwellMs?.max ?? 0));
  const x = logTimeScale(Math.min(...values.map(({ p50 }) => p50)), most, LEFT, WIDTH - RIGHT);
  const note =
    hidden === 0
      ? ''
      : ` Rows: the ${formatCount(users.length)} users with the longest and the shortest p95; ${formatCount(hidden)} more are in the list below.`;
  return html`<p class="note">Dwell, from enqueued to started, on a scale on which each mark is ten times the one before. The dot is the
median; the thick line ends at the slowest task in twenty (p95), the thin one at the slowest in a hundred (p99), the tick is the
slowest of all.${note}</p>
<figure>${rowsChart(rows, x)}${results.length > 1 ? legend(results.map(({ label }, i) => ({ label, color: colorOf(i) }))) : null}</figure>
${hidden === 0 ? null : html`<h3>All users by their p95</h3><figure>${curve(results)}</figure>`}`;
}

function usersShown(results: readonly DwellResult[]): { users: readonly string[]; hidden: number } {
  const worst = new Map<string, number>();
  for (const { report } of results) {
    for (const { user, dwellMs } of report.users) {
      if (dwellMs !== null) worst.set(user, Math.max(dwellMs.p95, worst.get(user) ?? 0));
    }
  }
  const most = Math.floor(MOST_ROWS / Math.max(1, results.length / 2));
  const all = [...worst.keys()];
  if (all.length <= most) return { users: all, hidden: 0 };
  const sorted = all.sort((a, b) => worst.get(b)! - worst.get(a)!);
  const half = Math.floor(most / 2);
  return { users: [...sorted.slice(0, half), ...sorted.slice(-half)], hidden: all.length - 2 * half };
}

function cellsOf(user: string, results: readonly DwellResult[]): DwellRow['cells'] {
  return results.flatMap(({ label, report }, i) => {
    const dwell = report.users.find((one) => one.user === user)?.dwellMs;
    return dwell === null || dwell === undefined ? [] : [{ color: colorOf(i), label, dwell }];
  });
}

/** @param x of milliseconds */
export function rowsChart(rows: readonly DwellRow[], x: Scale): Markup {
  const parts: Markup[] = [];
  let y = TOP;
  for (const { user, cells } of rows) {
    parts.push(
      html`<text class="name" x="${LEFT - 8}" y="${y + 11}" text-anchor="end">${laneName(user)}</text>`,
    );
    for (const { color, label, dwell } of cells) {
      const middle = y + ROW / 2;
      const [p50, p95, p99, max] = [dwell.p50, dwell.p95, dwell.p99, dwell.max].map((ms) => round(x.at(ms)));
      const text = `${user}${label === '' ? '' : `, ${label}`}: p50 ${formatDuration(dwell.p50)}, p95 ${formatDuration(dwell.p95)}, p99 ${formatDuration(dwell.p99)}, max ${formatDuration(dwell.max)}`;
      parts.push(html`<g><title>${text}</title>
<line class="line thin ${color}" x1="${p95}" x2="${p99}" y1="${middle}" y2="${middle}"/>
<line class="line thick ${color}" x1="${p50}" x2="${p95}" y1="${middle}" y2="${middle}"/>
<line class="line thin ${color}" x1="${max}" x2="${max}" y1="${middle - 5}" y2="${middle + 5}"/>
<circle class="${color}" cx="${p50}" cy="${middle}" r="4.5"/>
<text class="tick" x="${max! + 8}" y="${middle + 4}">p95 ${formatDuration(dwell.p95)}</text></g>`);
      y += ROW;
    }
    y += GAP;
  }
  const description = rows
    .slice(0, 8)
    .flatMap(({ user, cells }) =>
      cells.map(({ label, dwell }) => `${label} ${user}: p95 ${formatDuration(dwell.p95)}`),
    )
    .join('; ');
  return framed({ description, height: y - TOP - GAP, x }, html`${parts}`);
}

/** Users from the one who waited least to the one who waited most. */
function curve(results: readonly DwellResult[]): Markup {
  const sorted = results.map(({ report }) =>
    report.users.flatMap(({ dwellMs }: UserReport) => dwellMs?.p95 ?? []).sort((a, b) => a - b),
  );
  const least = Math.min(...sorted.map(([first]) => first ?? Number.POSITIVE_INFINITY));
  const most = Math.max(...sorted.map((values) => values.at(-1) ?? 0));
  const x = countScale(Math.max(...sorted.map(({ length }) => length)), LEFT, WIDTH - RIGHT, 6);
  const y = logTimeScale(least, most, TOP + CURVE, TOP);
  const lines = sorted.map(
    (values, i) =>
      html`<polyline class="line ${colorOf(i)}" points="${points(values.map((ms, at) => [x.at(at + 1), y.at(ms)] as const))}"/>`,
  );
  return framed(
    { description: 'p95 of the dwell of every user, in order', height: CURVE, x, y },
    html`${lines}`,
  );
}
