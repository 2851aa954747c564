import type { Percentiles } from '../../core/reports/run-report.js';
import type { Simulated, SimulatedSetup, StrategyReport } from '../../core/reports/simulation-report.js';
import { type HtmlDocument, renderDocument } from '../html/document.js';
import { lanesSection } from '../html/drawn-lanes.js';
import { type DwellRow, rowsChart } from '../html/dwell.js';
import { COLORS, colorOf, LEFT, legend, RIGHT, WIDTH } from '../html/frame.js';
import { html, type Markup, trusted } from '../html/markup.js';
import { PAGE_STYLE } from '../html/page-style.js';
import { logTimeScale } from '../html/scales.js';
import { lagChart } from '../html/time-charts.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { describeSetup, figuresOf, LANES_UP_TO_USERS } from './simulation-text.js';

export interface SimulationPage extends Omit<HtmlDocument, 'body'> {
  readonly simulated: Simulated;
  /** What was played, beside what the load says of itself: a name and a text each. */
  readonly played: readonly (readonly [string, string])[];
}

/** Several strategies on the same load, drawn. It has no script, and the page forbids every one and every request. */
export function renderSimulationPage({ simulated, played, ...page }: SimulationPage): string {
  const head = html`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<style>${trusted(PAGE_STYLE)}</style>`;
  return renderDocument({ ...page, body: bodyOf(simulated, played) }, { head, top: null, script: null });
}

function bodyOf({ setup, results, orders, lags }: Simulated, played: SimulationPage['played']): Markup {
  const timed = lags.flatMap((timeline, i) =>
    timeline === null ? [] : [{ label: results[i]!.strategy, timeline, color: i }],
  );
  const lanes =
    setup.users <= LANES_UP_TO_USERS
      ? orders.map((order, i) => ({ label: results[i]!.strategy, order }))
      : [];
  return html`<p class="lead">${describeSetup(setup)}</p>
${figuresTable(setup, results)}
<h2>Who waited how long</h2>${waitsSection(setup, results)}
<h2>Who was most behind whom</h2>${behindTable(results)}
${
  timed.length === 0
    ? null
    : html`<h2>Who was behind, over time</h2>
<p class="note">How many tasks the user who was furthest behind its fair share was behind, of those of whom a task started in each moment.</p>
${lagChart(timed)}`
}
${lanes.length === 0 ? null : html`<h2>Who completed when</h2>${lanesSection(lanes)}`}
<h2>What was played</h2><dl>${[...played, ...parametersOf(setup)].map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
<p class="note">Time is virtual: the broker and the network take none. The same command gives the same figures on every machine.</p>`;
}

function figuresTable(setup: SimulatedSetup, results: readonly StrategyReport[]): Markup {
  return html`<div class="scroll"><table class="figures"><thead><tr><td></td>${results.map(({ strategy }) => html`<th scope="col">${strategy}</th>`)}</tr></thead>
<tbody>${figuresOf(setup, results).map(
    ({ name, of }) =>
      html`<tr><th scope="row">${name}</th>${results.map((result) => html`<td data-figure="${name}" data-label="${result.strategy}">${of(result)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

/** Light users and heavy ones, or all where there is one kind; and each, where there are few. */
function waitsSection(setup: SimulatedSetup, results: readonly StrategyReport[]): Markup {
  const rows = [...kindsOf(setup), ...(setup.users <= COLORS ? usersIn(results) : [])].map(
    ({ name, waitOf }): DwellRow => ({
      user: name,
      cells: results.flatMap((result, i) => {
        const dwell = waitOf(result);
        return dwell === null ? [] : [{ color: colorOf(i), label: result.strategy, dwell }];
      }),
    }),
  );
  const waits = rows.flatMap(({ cells }) => cells.map(({ dwell }) => dwell));
  const shortest = Math.min(...waits.map(({ p50 }) => p50).filter((ms) => ms > 0), 1);
  const longest = Math.max(...waits.map(({ max }) => max));
  const x = logTimeScale(shortest, longest, LEFT, WIDTH - RIGHT);
  return html`<p class="note">From a task's arrival to its start, on a scale on which each mark is ten times the one before. The dot is the
median; the thick line ends at the slowest task in twenty (p95), the thin one at the slowest in a hundred (p99), the tick is the
slowest of all. What is shorter than the scale stands at its left end.</p>
<figure>${rowsChart(rows, x)}${legend(results.map(({ strategy }, i) => ({ label: strategy, color: colorOf(i) })))}</figure>`;
}

interface Waiting {
  readonly name: string;
  readonly waitOf: (result: StrategyReport) => Percentiles | null;
}

function kindsOf({ users, heavyUsers }: SimulatedSetup): Waiting[] {
  const kind = (name: string, which: keyof StrategyReport['waitMs']): Waiting => ({
    name,
    waitOf: ({ waitMs }) => waitMs[which],
  });
  if (heavyUsers === 0 || heavyUsers === users) return [kind('all users', 'all')];
  return [kind('light users', 'light'), kind('heavy users', 'heavy')];
}

function usersIn([first]: readonly StrategyReport[]): Waiting[] {
  return (first?.users ?? []).map(({ user }) => ({
    name: user,
    waitOf: ({ users }) => users.find((one) => one.user === user)?.waitMs ?? null,
  }));
}

function behindTable(results: readonly StrategyReport[]): Markup {
  const rows = results.map(({ strategy, mostBehind }) =>
    mostBehind === null
      ? html`<tr><th scope="row">${strategy}</th><td>nobody</td><td></td><td></td></tr>`
      : html`<tr><th scope="row">${strategy}</th><td>${mostBehind.user}</td><td>${mostBehind.behind}</td><td data-behind="${strategy}">${formatCount(mostBehind.tasks)}</td></tr>`,
  );
  return html`<p class="note">The most tasks of one user that started while one task of another user waited, beyond those that this other user started itself. Turns give 1.</p>
<div class="scroll units"><table><thead><tr><th scope="col">strategy</th><th scope="col">who waited</th><th scope="col">behind whom</th><th scope="col">tasks</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function parametersOf(setup: SimulatedSetup): [string, string][] {
  const { workers, concurrency, promoteAfter, moveMs, demoteAfterMs } = setup;
  return [
    ['workers', formatCount(workers)],
    ['slots of each', formatCount(concurrency)],
    ['heavy, and promoted', `with more than ${formatCount(promoteAfter)} tasks`],
    ['to move a task', `${moveMs} ms`],
    ['demoted when empty for', formatDuration(demoteAfterMs)],
  ];
}
