import type { Comparison, Verdict } from '../../core/measures/comparison.js';
import type { BenchCheck } from '../../core/reports/bench-report.js';
import type { RunReport } from '../../core/reports/run-report.js';
import type { ThresholdResult } from '../../core/thresholds/threshold.js';
import { checkLine } from '../bench/bench-check.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { formatMeasure, thresholdLine } from '../parts/threshold-text.js';
import { changeOf } from '../report/comparison-text.js';
import { describeOverlaps } from '../report/overlaps-text.js';
import { describeCut, describeMissing, describeSending } from '../report/report-text.js';
import { html, type Markup } from './markup.js';

const MOST_USERS = 20;

/** What the reader must not overlook, and what was to hold. */
export function verdicts(
  results: readonly { readonly label: string; readonly report: RunReport }[],
  checks: readonly BenchCheck[],
  thresholds: readonly ThresholdResult[],
): Markup {
  const notes = results.flatMap(({ label, report }) => {
    const missing = describeMissing(report);
    const before = label === '' ? '' : `${label}: `;
    const alarms = [
      ...describeOverlaps(report, true),
      ...describeSending(report),
      ...describeCut(report),
    ].map((text) => html`<p class="verdict bad">${before}${text}</p>`);
    const isBad = missing.tone === 'alarm';
    // Of several results the good news is in the table.
    if (!isBad && results.length > 1) return alarms;
    const tone = isBad ? 'bad' : missing.tone === 'good' ? 'good' : '';
    return [html`<p class="verdict ${tone}">${before}${missing.text}</p>`, ...alarms];
  });
  const lines = [...thresholds.map(thresholdLine), ...checks.map(checkLine)];
  if (lines.length === 0) return html`${notes}`;
  const failed = lines.filter(({ passed }) => !passed).length;
  const items = lines.map(
    ({ passed, text }) =>
      html`<li${passed ? null : html` class="failed"`}>${passed ? null : html`<span class="bad">failed: </span>`}${text}</li>`,
  );
  const summary =
    failed === 0
      ? `All ${formatCount(lines.length)} checks hold`
      : `${formatCount(failed)} of ${formatCount(lines.length)} checks failed`;
  return html`${notes}<h2>${summary}</h2><ul class="checks">${items}</ul>`;
}

/** What got better and what got worse. */
export function comparisonTables({ measures, users, onlyBefore, onlyNow }: Comparison): Markup {
  const changed = users.filter(({ verdict }) => verdict !== 'same');
  const shown =
    changed.length <= MOST_USERS
      ? changed
      : [...changed.slice(0, MOST_USERS / 2), ...changed.slice(-MOST_USERS / 2)];
  const count = (kind: Verdict) => formatCount(users.filter(({ verdict }) => verdict === kind).length);
  return html`<div class="scroll"><table class="figures"><thead><tr><td></td><th scope="col">before</th><th scope="col">now</th><th scope="col">change</th><td></td></tr></thead><tbody>
${measures.map(({ name, unit, before, now, verdict }) => {
  const show = (value: number | null) => (value === null ? 'unknown' : formatMeasure(value, unit));
  return html`<tr><th scope="row">${name}</th><td>${show(before)}</td><td>${show(now)}</td><td>${changeOf({ before, now })}</td>${verdictCell(verdict)}</tr>`;
})}
${shown.map(
  (user) =>
    html`<tr><th scope="row">dwell p95 of ${user.user}</th><td>${formatDuration(user.before)}</td><td>${formatDuration(user.now)}</td><td>${changeOf(user)}</td>${verdictCell(user.verdict)}</tr>`,
)}
</tbody></table></div>
<p class="note">Users by their dwell (p95): ${count('worse')} worse, ${count('better')} better, ${count('same')} within 5 %; ${formatCount(onlyBefore)} only before, ${formatCount(onlyNow)} only now.</p>`;
}

function verdictCell(verdict: Verdict | null): Markup {
  if (verdict === null || verdict === 'same') return html`<td></td>`;
  return html`<td class="${verdict === 'better' ? 'good' : 'bad'}">${verdict}</td>`;
}
