import { createHash } from 'node:crypto';
import type { Comparison } from '../../core/measures/comparison.js';
import type { RunTimeline } from '../../core/measures/run-timeline.js';
import type { BenchCheck } from '../../core/reports/bench-report.js';
import type { CompletionOrder, RunReport } from '../../core/reports/run-report.js';
import type { TenantsReport } from '../../core/reports/tenants-report.js';
import type { ThresholdResult } from '../../core/thresholds/threshold.js';
import { failingUsers } from '../report/failing-users.js';
import { describeTimes } from '../report/report-text.js';
import { type Around, type HtmlDocument, renderDocument } from './document.js';
import { figuresOf } from './drawn-figures.js';
import { lanesSection } from './drawn-lanes.js';
import { dwellSection } from './dwell.js';
import { COLORS } from './frame.js';
import { html, type Markup, trusted } from './markup.js';
import { PAGE_SCRIPT } from './page-script.js';
import { PAGE_STYLE } from './page-style.js';
import { tenantsSection } from './tenants-table.js';
import { backlogChart, lagChart, sharesChart, spreadChart, type TimedResult } from './time-charts.js';
import { usersTable } from './users-table.js';
import { comparisonTables, verdicts } from './verdicts.js';

/** One run, as it is drawn. */
export interface PageResult {
  /** Empty where there is one alone. */
  readonly label: string;
  readonly report: RunReport;
  readonly order: CompletionOrder;
  /** Those that have lanes, where it is not all of them. */
  readonly users?: readonly string[];
  readonly timeline: RunTimeline;
}

/** One load: a run, or several results of it side by side. */
export interface PagePart {
  readonly title: string;
  /** What it is about, a sentence; empty for none. */
  readonly lead: string;
  readonly results: readonly PageResult[];
  readonly checks: readonly BenchCheck[];
  readonly thresholds: readonly ThresholdResult[];
  readonly comparison?: Comparison | undefined;
  /** How tenants fared, where somebody has said whom users belong to. */
  readonly tenants?: TenantsReport | undefined;
}

export interface Page extends Omit<HtmlDocument, 'body'> {
  readonly parts: readonly PagePart[];
}

/** Where a page that a server shows has the rest of it: nothing that is executed stands in the page itself. */
export interface PageLinks {
  readonly script: string;
  readonly style: string;
  readonly icon: string;
  /** Where one comes from. */
  readonly back: { readonly href: string; readonly text: string };
}

/**
 * One file that needs nothing else: drawings are SVG, made here; the script in it only searches and sorts, and
 * the page forbids every other and every request.
 *
 * @param links for a page of a server, which says itself what the page may load
 */
export function renderPage({ title, parts, about, document }: Page, links?: PageLinks): string {
  let index = 0;
  const body = parts.map((part) => {
    const from = index;
    index += part.results.length;
    return partMarkup(part, from, parts.length > 1);
  });
  return renderDocument(
    { title, body: html`${body}`, about, document },
    links === undefined ? whole() : linked(links),
  );
}

function whole(): Around {
  const hash = createHash('sha256').update(PAGE_SCRIPT).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${hash}'`;
  return {
    head: html`<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<style>${trusted(PAGE_STYLE)}</style>`,
    top: null,
    script: html`<script>${trusted(PAGE_SCRIPT)}</script>`,
  };
}

function linked({ script, style, icon, back }: PageLinks): Around {
  return {
    head: html`<link rel="icon" href="${icon}" type="image/svg+xml">
<link rel="stylesheet" href="${style}">`,
    top: html`<p><a href="${back.href}">${back.text}</a></p>`,
    script: html`<script src="${script}"></script>`,
  };
}

/** When it was: times in the drawings are of the day, or count from the first start. */
function timesOf({ label, report, begin }: PageResult & TimedResult): Markup | null {
  const times = describeTimes(report);
  if (times === '') return null;
  const axes =
    begin === undefined ? 'drawings count time from the first start' : 'the times in drawings are UTC';
  return html`<p class="note">${label === '' ? '' : `${label}: `}${times}; ${axes}</p>`;
}

/** People ask for a part of a run, and for several runs, by the clock: so are they drawn. */
function beginOnClock(results: readonly PageResult[]): number | undefined {
  const [only] = results;
  // Results one over the other have no time of day in common.
  if (only === undefined || results.length > 1) return undefined;
  const { window, runs } = only.report;
  return window !== null || runs.length > 1 ? only.timeline.begin : undefined;
}

function partMarkup(part: PagePart, firstIndex: number, isOneOfSeveral: boolean): Markup {
  const { lead, checks, thresholds, comparison, tenants } = part;
  const begin = beginOnClock(part.results);
  const results = part.results.map((result) => ({ ...result, begin }));
  const isFew = results.every(({ report }) => report.users.length <= COLORS);
  const someTime = results.filter(({ timeline }) => timeline.ends.length > 1);
  return html`${isOneOfSeveral ? html`<h2>${part.title}</h2>` : null}
${lead === '' ? null : html`<p class="lead">${lead}</p>`}
${results.map(timesOf)}
${figuresOf(comparison === undefined ? results : results.slice(0, 1))}
${verdicts(results, checks, thresholds)}
${comparison === undefined ? null : html`<h2>Against the baseline</h2>${comparisonTables(comparison)}`}
${tenantsSection(tenants)}
<h2>Who completed when</h2>${lanesSection(results.map((result) => ({ ...result, failing: failingUsers(result.report) })))}
${
  someTime.length === 0
    ? null
    : isFew
      ? html`<h2>Who was served, over time</h2>
<p class="note">What was started in each moment, by user, from bottom to top; the dashed lines are where fair shares would have been.</p>
${someTime.map(sharesChart)}`
      : html`<h2>Who was ahead, and who behind</h2>
<p class="note">Tasks started so far, less what the fair share of each user would have been by then: 0 is fair.</p>
${someTime.map(spreadChart)}`
}
<h2>Who waited how long</h2>${dwellSection(results)}
${
  someTime.length === 0
    ? null
    : html`<h2>What waited, over time</h2>${backlogChart(someTime)}
<h2>Who was behind, over time</h2>
<p class="note">How many tasks the user who was furthest behind its fair share was behind, in each moment.</p>${lagChart(someTime)}`
}
<h2>Every user</h2>${results.map((result, i) => usersTable(result, firstIndex + i))}`;
}
