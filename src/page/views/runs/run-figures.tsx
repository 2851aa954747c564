import { formatRate, formatTasks } from '../../../render/parts/numbers.js';
import type { RunReportTold } from '../../../serve/overview/run-views.js';
import { Moment } from '../../parts/age.js';
import { countText, secondsText } from '../../parts/figures.js';

export function RunFigures({ report }: { readonly report: RunReportTold }) {
  const { beganAt, endedAt, dwellMs, fairness } = report;
  const facts: readonly (readonly [name: string, text: string])[] = [
    ['time', secondsText(report.seconds)],
    ['published', countText(report.published)],
    ['completed', `${countText(report.completed)}, ${formatRate(report.tasksPerSecond)}`],
    ['failed', countText(report.failed)],
    ['retries', countText(report.retries)],
    ['completed again', countText(report.duplicates)],
    ['waiting', countText(report.waiting)],
    ['running', countText(report.running)],
    ['missing', countText(report.missing)],
    ['wait, p50', secondsText(secondsOf(dwellMs?.p50))],
    ['wait, p95', secondsText(secondsOf(dwellMs?.p95))],
    ["Jain's index at half time", String(fairness.jainAtHalf)],
    ['largest lag', formatTasks(Math.round(fairness.maxLagTasks))],
  ];
  return (
    <dl class="facts">
      <dt>first start</dt>
      <dd>{beganAt === null ? 'unknown' : <Moment at={beganAt} />}</dd>
      <dt>last end</dt>
      <dd>{endedAt === null ? 'unknown' : <Moment at={endedAt} />}</dd>
      {facts.flatMap(([name, text]) => [<dt key={name}>{name}</dt>, <dd key={`${name} is`}>{text}</dd>])}
    </dl>
  );
}

export function secondsOf(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1_000;
}
