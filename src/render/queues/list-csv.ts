import type { UserQueue } from '../../core/queue-report.js';
import { safeText } from '../safe-text.js';

const COLUMNS = ['user', 'queue', 'type', 'ready', 'unacknowledged', 'consumers', 'memoryBytes', 'idleMs'];

/**
 * As RFC 4180 has it, with a line of headings.
 *
 * @param forTerminal names without anything that a terminal would obey; a file gets them as they are
 */
export function queuesAsCsv(queues: readonly UserQueue[], forTerminal: boolean): string {
  const text = (value: string) => quoted(forTerminal ? safeText(value, true) : value);
  const lines = queues.map((queue) =>
    [
      text(queue.user),
      text(queue.name),
      text(queue.type),
      queue.ready,
      queue.unacknowledged,
      queue.consumers,
      queue.memoryBytes,
      queue.idleMs ?? '',
    ].join(','),
  );
  return [COLUMNS.join(','), ...lines].join('\r\n');
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
