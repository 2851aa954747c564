import type { Simulated, SimulatedSetup, StrategyReport } from '../../core/reports/simulation-report.js';
import type { SimulationProgress } from '../../core/simulation/simulate.js';
import { renderComparison } from '../lanes/lanes.js';
import { formatCount, formatDuration, formatShare, formatTasks } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';
import { textWidth, wrapText } from '../parts/text.js';
import { shortName } from '../report/report-text.js';
import { renderWaitChart } from './wait-chart.js';

/** Of more users the lanes of a few say little. */
export const LANES_UP_TO_USERS = 1_000;
const GAP = 2;

interface Figure {
  readonly name: string;
  readonly of: (result: StrategyReport) => string;
}

/** Several strategies on the same load: figures side by side, who waited behind whom, and the pictures. */
export function renderSimulation({ setup, results, orders }: Simulated, style: TextStyle): string {
  const charted = (which: keyof StrategyReport['waitMs']) =>
    results.map(({ strategy, waitMs }) => ({ label: strategy, waitMs: waitMs[which] }));
  const both = setup.heavyUsers > 0 && setup.heavyUsers < setup.users;
  const lanes =
    setup.users <= LANES_UP_TO_USERS
      ? renderComparison(
          orders.map((order, i) => ({ label: results[i]!.strategy, order })),
          style,
        )
      : '';
  const blocks = [
    wrapText(describeSetup(setup), style).join('\n'),
    renderFigures(setup, results, style),
    renderBehind(results, style),
    both
      ? renderWaitChart("How long light users' tasks waited", charted('light'), style)
      : renderWaitChart('How long tasks waited', charted('all'), style),
    lanes,
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

/** `shared:64 (4 of 5): 3,100,000 of 10,000,000 tasks` */
export function simulationProgressLine(progress: SimulationProgress | undefined): string {
  if (progress === undefined) return 'simulating';
  const { strategy, number, strategies, ended, total } = progress;
  return `${strategy} (${number} of ${strategies}): ${formatCount(ended)} of ${formatTasks(total)}`;
}

/** What the load is, and what there is to work it off. */
export function describeSetup(setup: SimulatedSetup): string {
  const { users, tasks, heavyUsers, heavyTasks, workMs, lastDueMs, workers, concurrency } = setup;
  const slots = workers * concurrency;
  const arrive = lastDueMs === 0 ? 'all at once' : `over ${formatDuration(lastDueMs)}`;
  const heavy =
    heavyUsers === 0
      ? 'no user is heavy'
      : `${formatCount(heavyUsers)} heavy with ${formatShare(heavyTasks / tasks)} of the tasks`;
  return (
    `${formatTasks(tasks)} of ${formatCount(users)} ${users === 1 ? 'user' : 'users'} (${heavy}), ${arrive}. ` +
    `${formatCount(workers)} x ${formatCount(concurrency)} slots have work for ${formatDuration(workMs / slots)}. ` +
    `Heavy is who has more than ${formatCount(setup.promoteAfter)} tasks.`
  );
}

function waits(name: string, which: keyof StrategyReport['waitMs']): Figure[] {
  return (['p50', 'p95', 'max'] as const).map((percentile) => ({
    name: `${name}, ${percentile}`,
    of: ({ waitMs }) => (waitMs[which] === null ? '-' : formatDuration(waitMs[which][percentile])),
  }));
}

/** What is said of each strategy, in the order in which it is said. */
export function figuresOf(
  { users, heavyUsers }: SimulatedSetup,
  results: readonly StrategyReport[],
): Figure[] {
  const both = heavyUsers > 0 && heavyUsers < users;
  const shares = results.some(({ promotions }) => promotions > 0);
  return [
    ...(both
      ? [...waits('wait of light users', 'light'), ...waits('wait of heavy users', 'heavy')]
      : waits('wait', 'all')),
    { name: "Jain's index at half time", of: ({ jainAtHalf }) => jainAtHalf.toFixed(3) },
    { name: 'largest lag, tasks', of: ({ maxLagTasks }) => formatPart(maxLagTasks) },
    {
      name: 'most behind one, tasks',
      of: ({ mostBehind }) => (mostBehind === null ? '-' : formatCount(mostBehind.tasks)),
    },
    { name: 'until the last task ends', of: ({ makespanMs }) => formatDuration(makespanMs) },
    { name: 'queues, the most at once', of: ({ queues }) => (queues === 0 ? '-' : formatCount(queues)) },
    ...(shares
      ? [
          { name: 'promotions', of: ({ promotions }: StrategyReport) => formatSome(promotions) },
          { name: 'tasks moved', of: ({ moved }: StrategyReport) => formatSome(moved) },
        ]
      : []),
  ];
}

/** As many results side by side as fit, and the others below. */
function renderFigures(setup: SimulatedSetup, results: readonly StrategyReport[], style: TextStyle): string {
  const figures = figuresOf(setup, results);
  const names = { heading: '', text: ({ name }: Figure) => name, align: 'left' } as const;
  const columns = results.map((result) => ({
    heading: result.strategy,
    text: (figure: Figure) => figure.of(result),
  }));
  const widest = (texts: readonly string[]) => Math.max(...texts.map(textWidth));
  const room = style.columns - widest(figures.map(({ name }) => name));
  const needed = widest(columns.flatMap(({ heading, text }) => [heading, ...figures.map(text)])) + GAP;
  const each = Math.max(1, Math.floor(room / needed));
  const tables: string[] = [];
  for (let from = 0; from < columns.length; from += each)
    tables.push(renderTable([names, ...columns.slice(from, from + each)], figures, style));
  return tables.join('\n\n');
}

function renderBehind(results: readonly StrategyReport[], style: TextStyle): string {
  const lines = results.flatMap(({ strategy, mostBehind }) => {
    if (mostBehind === null) return [];
    const { user, behind, tasks } = mostBehind;
    const name = (text: string) => shortName(text, { ...style, columns: 48 });
    const label = safeText(strategy, style.unicode);
    return wrapText(`${label}: ${name(user)} waited for ${formatTasks(tasks)} of ${name(behind)}`, style);
  });
  if (lines.length === 0) return '';
  const head = "Most behind somebody else (beyond the turns of one's own)";
  return [paint('strong', head, style), ...lines].join('\n');
}

function formatPart(tasks: number): string {
  return tasks < 9.95 ? tasks.toFixed(1) : formatCount(tasks);
}

function formatSome(count: number): string {
  return count === 0 ? '-' : formatCount(count);
}
