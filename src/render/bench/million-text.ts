import type { BenchFigure } from '../../core/reports/bench-report.js';
import { labelOf } from '../../core/reports/bench-report.js';
import type { MillionCase, MillionOutcome, MillionSizes } from '../../core/reports/million-report.js';
import { formatCount, formatRate, formatTasks } from '../parts/numbers.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';
import { capitalized, wrapText } from '../parts/text.js';
import { renderVerdicts } from '../parts/verdict-lines.js';
import { checkLine } from './bench-check.js';
import { formatFigure, formatPromise } from './bench-figures.js';

const tenth = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1, minimumFractionDigits: 1 });

/** What each way to have queues came to, side by side; what was played with fewer; what held. */
export function renderMillion(version: string, outcome: MillionOutcome, style: TextStyle): string {
  const { results, figures, checks } = outcome;
  const lines = [
    ...loads(results),
    ...plain(results),
    ...unlike(results),
    ...judged(figures),
    machine(outcome),
  ];
  return [
    paint('strong', `RabbitMQ ${version}: many users, and what has a queue`, style),
    renderTable<BenchFigure>(
      [
        { heading: '', text: ({ name }) => name, align: 'left', shrinkTo: 30 },
        ...results.map((result) => ({
          heading: labelOf(result),
          text: ({ values, unit }: BenchFigure) => formatFigure(values[labelOf(result)], unit),
        })),
        { heading: 'promised', text: formatPromise, align: 'left' },
      ],
      figures,
      style,
    ),
    lines
      .flatMap((line) => wrapText(line, style))
      .map((line) => paint('quiet', line, style))
      .join('\n'),
    renderVerdicts(checks.map(checkLine), style),
  ].join('\n\n');
}

function largest(results: readonly MillionCase[]): MillionSizes | undefined {
  return results.map(({ sizes }) => sizes).sort((a, b) => b.idleUsers - a.idleUsers)[0];
}

function loads(results: readonly MillionCase[]): string[] {
  const sizes = largest(results);
  if (sizes === undefined) return [];
  const { newUsers, tasksEach, crowd, burst } = sizes;
  return [
    `New users: ${formatCount(newUsers)} that nobody has seen, ${formatTasks(tasksEach)} of no time each.`,
    `Burst: ${formatTasks(burst.tasks)} of one user, then ${formatCount(burst.tasksEach)} of ${burst.lightMs} ms for each of the light users.`,
    `Crowd: ${formatTasks(crowd.tasks)} over ${formatCount(crowd.users)} users by Zipf's law, and ${formatCount(crowd.bursts)} more with ${formatTasks(crowd.burstTasks)} at once.`,
    'Nobody tells the publisher who will burst.',
  ];
}

function plain(results: readonly MillionCase[]): string[] {
  const all = results.flatMap(({ rounds }) => rounds).map(({ newUsers }) => newUsers.plain);
  const range = (rates: readonly number[]) => {
    const [least, most] = [Math.min(...rates), Math.max(...rates)].map(formatRate);
    return least === most ? least : `${least} to ${most}`;
  };
  const published = range(all.map(({ publishPerSecond }) => publishPerSecond));
  const consumed = range(all.map(({ consumePerSecond }) => consumePerSecond));
  return [`Plain amqplib published ${published} and consumed ${consumed}, just before and after.`];
}

/** Where a case was played with fewer, the reader has to know. */
function unlike(results: readonly MillionCase[]): string[] {
  const usual = largest(results);
  if (usual === undefined) return [];
  return results.flatMap((result) => {
    const { sizes, rounds } = result;
    const lines: string[] = [];
    if (sizes.idleUsers !== usual.idleUsers) {
      lines.push(
        `${labelOf(result)}: it was played with fewer: ${formatCount(sizes.newUsers)} new users, a burst of ${formatTasks(sizes.burst.tasks)}, and a crowd of ${formatCount(sizes.crowd.users)}. Making more queues takes minutes.`,
      );
    }
    if (rounds.length > 1) {
      lines.push(
        `${labelOf(result)}: speeds and waits are the median of ${formatCount(rounds.length)} rounds. The others were played once.`,
      );
    }
    return lines;
  });
}

function judged(figures: readonly BenchFigure[]): string[] {
  const reasons = figures.filter(({ atMost, atLeast }) => (atMost ?? atLeast) !== undefined);
  return reasons.flatMap(({ name, unjudged }) =>
    unjudged === undefined ? [] : [`Not judged: ${name}. ${capitalized(unjudged)}.`],
  );
}

function machine({ load: { before, after, processors } }: MillionOutcome): string {
  return `The machine's load was ${tenth.format(before)} before and ${tenth.format(after)} after, on ${formatCount(processors)} processors.`;
}
