import { formatBytes, formatCount, formatDuration } from '../numbers.js';
import { safeText } from '../safe-text.js';
import { paint, type TextStyle } from '../style.js';
import { renderTable } from '../table.js';
import { wrapParts } from '../text.js';

interface QueueRow {
  readonly name: string;
  readonly user: string;
  readonly ready: number;
  readonly unacknowledged: number;
  readonly consumers: number;
  readonly memoryBytes: number;
  readonly type: string;
  readonly idleMs?: number;
}

interface List {
  readonly queues: readonly QueueRow[];
  /** Left out by --limit. */
  readonly hidden: number;
  readonly totals: {
    readonly queues: number;
    readonly users: number;
    readonly ready: number;
    readonly unacknowledged: number;
    readonly memoryBytes: number;
    readonly empty: number;
    readonly unconsumed: number;
  };
}

export function renderQueues({ queues, hidden, totals }: List, style: TextStyle): string {
  if (totals.queues === 0) return 'No queues.';
  const idle = queues.some(({ idleMs }) => idleMs !== undefined);
  const table = renderTable<QueueRow>(
    [
      { heading: 'user', text: (q) => safeText(q.user, style.unicode), align: 'left', shrinkTo: 12 },
      { heading: 'ready', text: (q) => formatCount(q.ready) },
      { heading: 'unacked', text: (q) => formatCount(q.unacknowledged) },
      { heading: 'consumers', text: (q) => formatCount(q.consumers) },
      { heading: 'memory', text: (q) => formatBytes(q.memoryBytes) },
      ...(idle ? [{ heading: 'idle for', text: (q: QueueRow) => formatDuration(q.idleMs ?? 0) }] : []),
      { heading: 'type', text: (q) => safeText(q.type, style.unicode), align: 'left', dropOrder: 2 },
      {
        heading: 'queue',
        text: (q) => safeText(q.name, style.unicode),
        align: 'left',
        shrinkTo: 16,
        dropOrder: 1,
      },
    ],
    queues,
    style,
  );
  const parts = [
    `${formatCount(totals.queues)} ${totals.queues === 1 ? 'queue' : 'queues'}`,
    `${formatCount(totals.users)} ${totals.users === 1 ? 'user' : 'users'}`,
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
