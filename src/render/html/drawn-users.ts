import type { RunReport } from '../../core/reports/run-report.js';
import { COLORS } from './frame.js';

/** Users that are drawn one by one, the same for every result: all, or the extremes. */
export function drawnUsers(reports: readonly RunReport[]): string[] {
  const lag = new Map<string, number>();
  const tasks = new Map<string, number>();
  for (const { users } of reports) {
    for (const user of users) {
      lag.set(user.user, Math.max(user.maxLagTasks, lag.get(user.user) ?? 0));
      tasks.set(user.user, Math.max(user.tasks, tasks.get(user.user) ?? 0));
    }
  }
  const all = [...lag.keys()];
  if (all.length <= COLORS) return all;
  const by = (values: ReadonlyMap<string, number>) =>
    [...all].sort((a, b) => values.get(b)! - values.get(a)!);
  const drawn = new Set([...by(lag).slice(0, 3), ...by(tasks).slice(0, 2), ...by(tasks).slice(-2)]);
  return [...drawn];
}
