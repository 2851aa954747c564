import type { UserReport } from '../core/report.js';
import { asCsv } from './csv.js';

const COLUMNS = [
  ...['user', 'tasks', 'missing', 'firstStart', 'firstCompletion', 'lastCompletion'],
  ...['dwellP50Ms', 'dwellP95Ms', 'dwellP99Ms', 'dwellMaxMs', 'maxLagTasks'],
];

/**
 * A line for each user.
 *
 * @param forTerminal see `asCsv`
 */
export function usersAsCsv(users: readonly UserReport[], forTerminal: boolean): string {
  const rows = users.map(({ user, tasks, missing, dwellMs, maxLagTasks, ...at }) => [
    ...[user, tasks, missing, at.firstStartPosition, at.firstCompletionPosition, at.lastCompletionPosition],
    ...[dwellMs?.p50, dwellMs?.p95, dwellMs?.p99, dwellMs?.max, maxLagTasks],
  ]);
  return asCsv(COLUMNS, rows, forTerminal);
}
