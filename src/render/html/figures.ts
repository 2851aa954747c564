import type { RunReport } from '../../core/report.js';
import { formatCount, formatDuration, formatRate } from '../numbers.js';
import { formatLagTasks } from '../report-text.js';
import { html, type Markup } from './markup.js';

interface Figure {
  readonly name: string;
  readonly of: (report: RunReport) => string;
  /** The same without rounding, for programs and tests. */
  readonly value: (report: RunReport) => number | null;
}

const FIGURES: readonly Figure[] = [
  { name: 'tasks completed', of: (r) => formatCount(r.completed), value: (r) => r.completed },
  { name: 'users', of: (r) => formatCount(r.userCount), value: (r) => r.userCount },
  { name: 'time', of: (r) => formatDuration(r.seconds * 1_000), value: (r) => r.seconds },
  { name: 'tasks a second', of: (r) => formatRate(r.tasksPerSecond), value: (r) => r.tasksPerSecond },
  {
    name: "Jain's index at half time",
    of: (r) => r.fairness.jainAtHalf.toFixed(3),
    value: (r) => r.fairness.jainAtHalf,
  },
  { name: 'largest lag, tasks', of: (r) => formatLagTasks(r.fairness), value: (r) => r.fairness.maxLagTasks },
  {
    name: 'largest lag, as work',
    of: (r) => formatDuration(r.fairness.maxLagMs),
    value: (r) => r.fairness.maxLagMs,
  },
  { name: 'dwell, p95', of: (r) => dwell(r, 'p95'), value: (r) => r.dwellMs?.p95 ?? null },
  { name: 'dwell, max', of: (r) => dwell(r, 'max'), value: (r) => r.dwellMs?.max ?? null },
  {
    name: 'missing',
    of: (r) => (r.missing === null ? 'unknown' : formatCount(r.missing)),
    value: (r) => r.missing,
  },
  { name: 'failed', of: (r) => formatCount(r.failed), value: (r) => r.failed },
  { name: 'completed again', of: (r) => formatCount(r.duplicates), value: (r) => r.duplicates },
];

function dwell({ dwellMs }: RunReport, which: 'p95' | 'max'): string {
  return dwellMs === null ? '-' : formatDuration(dwellMs[which]);
}

/** One result as cards, several as columns. */
export function figuresOf(
  results: readonly { readonly label: string; readonly report: RunReport }[],
): Markup {
  const [only] = results;
  if (results.length === 1 && only !== undefined) {
    return html`<ul class="cards">${FIGURES.map(
      ({ name, of, value }) =>
        html`<li data-figure="${name}" data-value="${value(only.report)}"><b>${of(only.report)}</b><span>${name}</span></li>`,
    )}</ul>`;
  }
  return html`<div class="scroll"><table class="figures"><thead><tr><td></td>${results.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${FIGURES.map(
    ({ name, of, value }) =>
      html`<tr><th scope="row">${name}</th>${results.map(
        ({ label, report }) =>
          html`<td data-figure="${name}" data-label="${label}" data-value="${value(report)}">${of(report)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}
