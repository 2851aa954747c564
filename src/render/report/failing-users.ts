import type { RunReport } from '../../core/reports/run-report.js';

/** Who has tasks that failed for good, the most failures first. */
export function failingUsers({ users }: RunReport): string[] {
  return users
    .filter(({ failed }) => failed > 0)
    .sort((a, b) => b.failed - a.failed)
    .map(({ user }) => user);
}
