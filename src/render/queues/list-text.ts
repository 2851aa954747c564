import type { QueueList, UserQueue } from '../../core/reports/queue-report.js';
import { formatBytes, formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';
import { wrapParts } from '../parts/text.js';

/** What stands before a name that is no user's. */
const SHARED_AS: Readonly<Record<string, string>> = { group: 'group ', spread: 'shared ' };

export function renderQueues({ queues, hidden, totals }: QueueList, style: TextStyle): string {
  if (totals.queues === 0) return 'No queues.';
  const idle = queues.some(({ idleMs }) => idleMs !== undefined);
  const table = renderTable<UserQueue>(
    [
      {
        heading: totals.groups > 0 ? 'user or group' : 'user',
        text: (q) => `${SHARED_AS[q.kind] ?? ''}${safeText(q.user, style.unicode)}`,
        align: 'left',
        shrinkTo: 12,
        whole: true,
      },
      { heading: 'ready', text: (q) => formatCount(q.ready) },
      { heading: 'unacked', text: (q) => formatCount(q.unacknowledged) },
      { heading: 'consumers', text: (q) => formatCount(q.consumers) },
      { heading: 'memory', text: (q) => formatBytes(q.memoryBytes) },
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
  const lines = wrapParts(
    parts.map((part, i) => (i < parts.length - 1 ? `${part},` : part)),
    ' ',
    style,
  );
  const more = hidden > 0 ? `\n${formatCount(hidden)} of them not shown (--limit)` : '';
  const age = paint('quiet', 'The broker refreshes these figures every 5 s.', style);
  return `${table}\n\n${lines.map((line) => paint('strong', line, style)).join('\n')}${more}\n${age}`;
}
