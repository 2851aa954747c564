import { counted } from '../../core/reports/finding.js';
import type { QueueList, QueueTotals, SharedQueues, UserQueue } from '../../core/reports/queue-report.js';
import { formatBytes, formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';
import { wrapParts, wrapText } from '../parts/text.js';

/** @property shared where those of the shared queues that are empty have no row */
export interface ShownQueues extends QueueList {
  readonly shared?: SharedQueues;
}

export function renderQueues(list: ShownQueues, style: TextStyle): string {
  const { queues, hidden, totals, shared } = list;
  if (totals.queues === 0) return 'No queues.';
  const parts = [
    ...(queues.length > 0 ? [tableOf(queues, totals.groups > 0, style), ''] : []),
    ...(shared === undefined ? [] : wrapText(sharedText(shared), style)),
    ...totalLines(totals, style).map((line) => paint('strong', line, style)),
    ...(totals.down > 0 ? wrapText(downText(totals.down), style) : []),
    ...(hidden > 0 ? [`${formatCount(hidden)} of them not shown (--limit)`] : []),
    paint('quiet', 'The broker refreshes these figures every 5 s.', style),
  ];
  return parts.join('\n');
}

function downText(down: number): string {
  const are =
    down === 1
      ? 'is down: most of the nodes with its tasks are away'
      : 'are down: most of the nodes with their tasks are away';
  return `${counted(down, 'queue')} ${are}. ${down === 1 ? 'Its' : 'Their'} figures are unknown and count as 0 above.`;
}

function sharedText({ queues, ready, unacknowledged, unconsumed, folded, busiest }: SharedQueues): string {
  const most = busiest === undefined ? '' : `, ${formatCount(busiest.ready)} of them in ${busiest.name}`;
  const alone = unconsumed === 0 ? '' : `; ${formatCount(unconsumed)} without a consumer`;
  const empty = folded === 0 ? '' : `; ${formatCount(folded)} empty, which --empty shows`;
  return `${counted(queues, 'shared queue')}: ${formatCount(ready)} ready${most}, ${formatCount(unacknowledged)} unacknowledged${alone}${empty}`;
}

/** Whose it is; what stands before a name that is no user's says so. */
function ownerText({ kind, user }: UserQueue, style: TextStyle): string {
  // The column of the queue has the whole of it: `shared 64.3`.
  if (kind === 'spread') return `shared ${user.split('.').slice(-2).join('.')}`;
  return `${kind === 'group' ? 'group ' : ''}${safeText(user, style.unicode)}`;
}

function tableOf(queues: readonly UserQueue[], hasGroups: boolean, style: TextStyle): string {
  const idle = queues.some(({ idleMs }) => idleMs !== undefined);
  return renderTable<UserQueue>(
    [
      {
        heading: hasGroups ? 'user or group' : 'user',
        text: (q) => ownerText(q, style),
        align: 'left',
        shrinkTo: 12,
        whole: true,
      },
      { heading: 'ready', text: (q) => unlessDown(q, formatCount(q.ready)) },
      { heading: 'unacked', text: (q) => unlessDown(q, formatCount(q.unacknowledged)) },
      { heading: 'consumers', text: (q) => unlessDown(q, formatCount(q.consumers)) },
      { heading: 'memory', text: (q) => unlessDown(q, formatBytes(q.memoryBytes)) },
      ...(idle ? [{ heading: 'idle for', text: (q: UserQueue) => formatDuration(q.idleMs ?? 0) }] : []),
      { heading: 'type', text: (q) => safeText(q.type, style.unicode), align: 'left', dropOrder: 2 },
      {
        heading: 'queue',
        text: (q) => safeText(q.name, style.unicode),
        align: 'left',
        shrinkTo: 16,
        whole: true,
        dropOrder: 1,
      },
    ],
    queues,
    style,
  );
}

/** RabbitMQ gives 0 for whatever it does not know of such a queue. */
function unlessDown({ down }: UserQueue, text: string): string {
  return down ? 'unknown' : text;
}

function totalLines(totals: QueueTotals, style: TextStyle): string[] {
  const parts = [
    `${formatCount(totals.queues)} ${totals.queues === 1 ? 'queue' : 'queues'}`,
    ...(totals.users > 0 || totals.groups === 0
      ? [`${formatCount(totals.users)} ${totals.users === 1 ? 'user' : 'users'}`]
      : []),
    ...(totals.groups > 0
      ? [`${formatCount(totals.groups)} ${totals.groups === 1 ? 'group' : 'groups'}`]
      : []),
    `${formatCount(totals.ready)} ready`,
    `${formatCount(totals.unacknowledged)} unacknowledged`,
    formatBytes(totals.memoryBytes),
    `${formatCount(totals.empty)} empty`,
    `${formatCount(totals.unconsumed)} without a consumer`,
  ];
  return wrapParts(
    parts.map((part, i) => (i < parts.length - 1 ? `${part},` : part)),
    ' ',
    style,
  );
}
