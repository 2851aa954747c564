import type { Names } from '../../core/queues/names.js';
import type { SpreadQueuesReport, UnitsReport } from '../../core/reports/set-up-units-report.js';
import { formatCount, formatTasks } from '../parts/numbers.js';

/** What has a queue, and what of it is not as it should be. */
export function renderUnits(report: UnitsReport, names: Names): string {
  const [first, ...others] = report.spread;
  const isShared = report.units !== 'user';
  return [
    isShared
      ? `${report.units}: light users share ${formatCount(first?.bound ?? 0)} queues, and each heavy one has its own.`
      : 'user: each user has a queue of its own.',
    ...(first !== undefined ? [shared(first)] : []),
    ...others.map(shared),
    `queues of users' own    ${formatCount(report.userQueues)}, of which ${formatCount(report.promoted)} go again when their users need none`,
    `alternate exchange      ${alternateText(report)}`,
    `exchange "${names.spreadExchange}"  ${report.exchange ? 'there' : 'not there'}`,
    `plugin                  ${report.plugin ? 'on' : 'off: rabbitmq-plugins enable rabbitmq_consistent_hash_exchange'}`,
    ...(report.spread.length > 0
      ? ['The broker refreshes the counts of tasks and consumers every 5 s.']
      : []),
  ].join('\n');
}

function shared({ count, there, bound, ready, unacknowledged, unconsumed }: SpreadQueuesReport): string {
  const tasks = `${formatTasks(ready)} wait, ${formatCount(unacknowledged)} are with workers`;
  const state = bound === 0 ? 'in force no longer' : `${formatCount(bound)} bound`;
  const alone = unconsumed === 0 ? '' : `, ${formatCount(unconsumed)} without a worker`;
  return `shared:${count}  ${formatCount(there)} queues, ${state}; ${tasks}${alone}`;
}

function alternateText({ alternate }: UnitsReport): string {
  if (alternate === null) return 'none: what finds no queue comes back';
  const by = alternate.policy === null ? 'by its argument' : `by the RabbitMQ policy "${alternate.policy}"`;
  const whose = alternate.isOurs ? '' : ", which is not fairq's";
  return `"${alternate.exchange ?? 'unknown'}", ${by}${whose}`;
}
