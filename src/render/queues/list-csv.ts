import type { UserQueue } from '../../core/reports/queue-report.js';
import { asCsv } from '../parts/csv.js';

const COLUMNS = ['user', 'queue', 'type', 'ready', 'unacknowledged', 'consumers', 'memoryBytes', 'idleMs'];

/** What nobody knows of a queue that is down is left empty. @param forTerminal see `asCsv` */
export function queuesAsCsv(queues: readonly UserQueue[], forTerminal: boolean): string {
  const rows = queues.map(
    ({ user, name, type, ready, unacknowledged, consumers, memoryBytes, idleMs, down }) =>
      [
        ...[user, name, type],
        ...(down ? ['', '', '', ''] : [ready, unacknowledged, consumers, memoryBytes]),
        idleMs,
      ] as const,
  );
  return asCsv(COLUMNS, rows, forTerminal);
}
