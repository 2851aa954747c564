import type { CostRow } from '../../core/reports/cost-report.js';
import { formatBytes, formatCount, formatDuration, formatShare } from '../parts/numbers.js';
import { paint, type TextStyle } from '../parts/style.js';
import { type Column, renderTable } from '../parts/table.js';

const BAR = 40;

const WHICH: readonly Column<CostRow>[] = [
  { heading: '\nqueues', text: (row) => formatCount(row.queues) },
  { heading: '\ntype', text: (row) => row.type, align: 'left' },
];

/** Two tables, and the growth of the broker's memory as bars. */
export function renderCost(version: string, rows: readonly CostRow[], style: TextStyle): string {
  const head = paint('strong', `RabbitMQ ${version}: what so many queues cost`, style);
  return [head, taken(rows, style), speeds(rows, style), growth(rows, style)].join('\n\n');
}

function taken(rows: readonly CostRow[], style: TextStyle): string {
  const bytes = (value: number | null) => (value === null ? '-' : formatBytes(value));
  return renderTable<CostRow>(
    [
      ...WHICH,
      { heading: 'memory of\neach, idle', text: (row) => bytes(row.idleBytes) },
      { heading: 'more with\na task', text: (row) => bytes(row.taskBytes) },
      { heading: 'more with\na worker', text: (row) => bytes(row.consumerBytes) },
      {
        heading: 'processor,\nat rest',
        text: (row) => (row.cpuAtRest === null ? '-' : formatShare(row.cpuAtRest)),
      },
      { heading: 'listed\nin', text: (row) => formatDuration(row.listMs) },
      { heading: 'by\nfairq', text: (row) => formatDuration(row.fairqListMs) },
    ],
    rows,
    style,
  );
}

function speeds(rows: readonly CostRow[], style: TextStyle): string {
  return renderTable<CostRow>(
    [
      ...WHICH,
      { heading: 'made\n/s', text: (row) => formatCount(row.makePerSecond) },
      { heading: 'deleted\n/s', text: (row) => formatCount(row.deletePerSecond) },
      { heading: 'pruned\n/s', text: (row) => formatCount(row.prunePerSecond) },
      {
        heading: 'published\n/s',
        text: (row) => (row.publishPerSecond === null ? '-' : formatCount(row.publishPerSecond)),
      },
      {
        heading: 'a worker\nstarts in',
        text: (row) => (row.startUpMs === null ? '-' : formatDuration(row.startUpMs)),
      },
      { heading: "a new user's\ntask in", text: (row) => formatDuration(row.newUserMs) },
      { heading: 'tasks\n/s', text: (row) => formatCount(row.tasksPerSecond) },
    ],
    rows,
    style,
  );
}

function growth(rows: readonly CostRow[], style: TextStyle): string {
  const most = Math.max(...rows.map(({ memoryBytes }) => memoryBytes ?? 0));
  const width = Math.min(BAR, style.columns - 32);
  const block = style.unicode ? '█' : '#';
  const lines = rows.map(({ type, queues, memoryBytes }) => {
    const label = `${formatCount(queues).padStart(7)} ${type.padEnd(8)}`;
    if (memoryBytes === null) return `${label}unknown: the broker did not say`;
    const bar = block.repeat(Math.max(1, Math.round((width * memoryBytes) / most)));
    return `${label}${paint(type === 'classic' ? 'cyan' : 'yellow', bar, style)} ${formatBytes(memoryBytes)}`;
  });
  return [paint('strong', "The broker's memory with so many idle queues", style), ...lines].join('\n');
}
