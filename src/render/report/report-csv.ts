import type { UserReport } from '../../core/reports/run-report.js';
import { asCsv } from '../parts/csv.js';

const COLUMNS = [
  ...['user', 'tasks', 'missing', 'firstStart', 'firstCompletion', 'lastCompletion'],
  // New ones come last: other programs may count columns.
  ...['dwellP50Ms', 'dwellP95Ms', 'dwellP99Ms', 'dwellMaxMs', 'maxLagTasks', 'failed', 'retries'],
  ...['outstanding', 'waiting', 'running', 'retrying', 'unknown', 'mostRunning'],
];

/**
 * A line for each user.
 *
 * @param forTerminal see `asCsv`
 */
export function usersAsCsv(users: readonly UserReport[], forTerminal: boolean): string {
  const rows = users.map(({ user, tasks, missing, failed, retries, dwellMs, maxLagTasks, ...at }) => [
    ...[user, tasks, missing, at.firstStartPosition, at.firstCompletionPosition, at.lastCompletionPosition],
    ...[dwellMs?.p50, dwellMs?.p95, dwellMs?.p99, dwellMs?.max, maxLagTasks, failed, retries],
    ...[at.outstanding, at.waiting, at.running, at.retrying, at.unknown, at.mostRunning],
  ]);
  return asCsv(COLUMNS, rows, forTerminal);
}
