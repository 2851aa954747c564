import type { Names } from '../../core/queues/names.js';
import { counted, some } from '../../core/reports/finding.js';
import type { SpreadQueuesReport, UnitsReport } from '../../core/reports/set-up-units-report.js';
import { labelledLines } from '../parts/labelled-lines.js';
import { formatCount, formatTasks } from '../parts/numbers.js';
import { paint, type TextStyle } from '../parts/style.js';
import { wrapText } from '../parts/text.js';

/** What has a queue, and what of it is not as it should be. */
export function renderUnits(report: UnitsReport, names: Names, style: TextStyle): string {
  const { units, spread, userQueues, promoted, exchange, plugin } = report;
  const isShared = units !== 'user';
  const rows: [string, string][] = [
    ...spread.map((one): [string, string] => [`shared:${one.count}`, shared(one)]),
    ['own queues', `${formatCount(userQueues)}, of which ${goAgain(promoted)}`],
    ['alternate', alternateText(report, names)],
    ['exchange', `"${names.spreadExchange}" ${exchange ? 'is there' : 'is not there'}`],
    ['plugin', plugin ? 'on' : 'off: rabbitmq-plugins enable rabbitmq_consistent_hash_exchange'],
  ];
  const head = isShared
    ? `${units}: light users share ${formatCount(spread[0]?.count ?? 0)} queues, and each heavy one has its own.`
    : 'user: each user has a queue of its own.';
  const age = 'The broker refreshes the counts of tasks and consumers every 5 s.';
  return [
    ...wrapText(head, style).map((line) => paint('strong', line, style)),
    ...rows.flatMap(([label, text]) => labelledLines(label, text, style)),
    ...(isShared ? spread.flatMap((one) => troubleOf(one)) : []).flatMap((text) => wrapText(text, style)),
    ...(spread.length > 0 ? [paint('quiet', age, style)] : []),
  ].join('\n');
}

function shared({ count, there, bound, ready, unacknowledged, unconsumed }: SpreadQueuesReport): string {
  const queues =
    there === count ? counted(count, 'queue') : `${formatCount(there)} of ${formatCount(count)} queues`;
  const state = bound === 0 ? 'in force no longer' : `${formatCount(bound)} bound`;
  const alone = unconsumed === 0 ? '' : `; ${formatCount(unconsumed)} without a worker`;
  return `${queues}, ${state}; ${formatTasks(ready)} waiting, ${formatCount(unacknowledged)} with workers${alone}`;
}

/** What is to be mended of the queues in force, in sentences. */
function troubleOf({ count, there, bound, missing }: SpreadQueuesReport): string[] {
  const mend = `"fairq units set shared:${count}"`;
  const texts: string[] = [];
  if (missing.length > 0) {
    const [are, they, their] = missing.length === 1 ? ['is', 'it', 'its'] : ['are', 'them', 'their'];
    texts.push(
      `Missing ${are} ${some(missing)}. What waited there is gone with ${they}. What ${their} users send goes to the other queues. ${mend} makes ${they} again.`,
    );
  }
  if (bound > 0 && there > bound) {
    texts.push(
      `${counted(there - bound, 'queue')} of shared:${count} got unbound, and nothing comes there. ${mend} binds all.`,
    );
  }
  return texts;
}

function goAgain(promoted: number): string {
  return promoted === 1
    ? '1 goes again when its user needs none'
    : `${formatCount(promoted)} go again when their users need none`;
}

function alternateText({ alternate }: UnitsReport, { taskExchange }: Names): string {
  if (alternate === null) return `none: what finds no queue on "${taskExchange}" comes back`;
  const by = alternate.policy === null ? 'by its argument' : `by the RabbitMQ policy "${alternate.policy}"`;
  const whose = alternate.isOurs ? '' : ", which is not fairq's";
  return `what finds no queue on "${taskExchange}" goes to "${alternate.exchange ?? 'unknown'}", ${by}${whose}`;
}
