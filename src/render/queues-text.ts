import { formatBytes, formatCount } from './numbers.js';
import { safeText } from './safe-text.js';
import { paint, type TextStyle } from './style.js';
import { renderTable } from './table.js';

interface QueueRow {
  readonly name: string;
  readonly user: string;
  readonly ready: number;
  readonly unacknowledged: number;
  readonly consumers: number;
  readonly memoryBytes: number;
  readonly type: string;
}

/** @param hidden queues that --limit left out */
export function renderQueues(queues: readonly QueueRow[], hidden: number, style: TextStyle): string {
  if (queues.length === 0) return 'No queues.';
  const table = renderTable<QueueRow>(
    [
      { heading: 'user', text: (q) => safeText(q.user, style.unicode), align: 'left', shrinkTo: 12 },
      { heading: 'ready', text: (q) => formatCount(q.ready) },
      { heading: 'unacked', text: (q) => formatCount(q.unacknowledged) },
      { heading: 'consumers', text: (q) => formatCount(q.consumers) },
      { heading: 'memory', text: (q) => formatBytes(q.memoryBytes) },
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
  const sum = (pick: (queue: QueueRow) => number) => queues.reduce((total, queue) => total + pick(queue), 0);
  const totals = `${formatCount(queues.length)} ${queues.length === 1 ? 'queue' : 'queues'}, ${formatCount(sum((q) => q.ready))} ready, ${formatCount(sum((q) => q.unacknowledged))} unacknowledged, ${formatBytes(sum((q) => q.memoryBytes))}`;
  const more = hidden > 0 ? `; ${formatCount(hidden)} more not shown (--limit)` : '';
  return `${table}\n\n${paint('strong', totals, style)}${more}\n${paint('quiet', 'The broker refreshes these figures every 5 s.', style)}`;
}
