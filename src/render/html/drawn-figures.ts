import type { RunReport } from '../../core/reports/run-report.js';
import {
  COMPLETED,
  COMPLETED_AGAIN,
  DWELL_MAX,
  DWELL_P95,
  FAILED,
  JAIN,
  LAG,
  LAG_AS_WORK,
  MISSING,
  RATE,
  RETRYING,
  RUNNING,
  type RunFigure,
  TIME,
  USERS,
  WAITING,
} from '../report/run-figures.js';
import { html, type Markup } from './markup.js';

const FIGURES: readonly RunFigure[] = [
  ...[COMPLETED, USERS, TIME, RATE, JAIN, LAG, LAG_AS_WORK],
  ...[DWELL_P95, DWELL_MAX, MISSING, FAILED, COMPLETED_AGAIN],
];
/** Of a run that goes on. */
const GOING_ON: readonly RunFigure[] = [WAITING, RUNNING, RETRYING];

/** One result as cards, several as columns. */
export function figuresOf(
  results: readonly { readonly label: string; readonly report: RunReport }[],
): Markup {
  const [only] = results;
  const going = GOING_ON.filter(({ value }) => results.some(({ report }) => (value(report) ?? 0) > 0));
  const figures = [...FIGURES, ...going];
  if (results.length === 1 && only !== undefined) {
    return html`<ul class="cards">${figures.map(
      ({ name, of, value }) =>
        html`<li data-figure="${name}" data-value="${value(only.report)}"><b>${of(only.report)}</b><span>${name}</span></li>`,
    )}</ul>`;
  }
  return html`<div class="scroll"><table class="figures"><thead><tr><td></td>${results.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${figures.map(
    ({ name, of, value }) =>
      html`<tr><th scope="row">${name}</th>${results.map(
        ({ label, report }) =>
          html`<td data-figure="${name}" data-label="${label}" data-value="${value(report)}">${of(report)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}
