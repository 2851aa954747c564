import { differenceOf } from '../../core/policy/policy-changes.js';
import type { PolicyChangeReport, RunningStill } from '../../core/reports/policy-report.js';
import type { Agreement } from './agreement.js';
import type { ChangedPolicy } from './change-policy.js';

export function changeReport(changed: ChangedPolicy): PolicyChangeReport {
  const { before, after, isChanged, agreement, backlog } = changed;
  const { tasks, untold } = stillRunning(agreement);
  return {
    schemaVersion: 1,
    kind: 'policy-change',
    changed: isChanged,
    revision: after.revision,
    madeFrom: before.revision,
    at: after.at,
    by: after.by,
    what: after.what,
    reason: after.reason ?? null,
    changes: differenceOf(before, after).map(({ of, name, limit, before: was, after: is }) => ({
      of,
      name,
      limit,
      before: was ?? null,
      after: is ?? null,
    })),
    workers: agreement.agreed.map(({ name, revision }) => ({ name, revision })),
    late: agreement.late,
    stillRunning: tasks,
    stillRunningUntold: untold,
    rabbitPolicies: { set: backlog.set, removed: backlog.removed },
  };
}

/** Tasks that still run of users that are paused; `untold` more run than are named. */
function stillRunning({ agreed }: Agreement): { readonly tasks: RunningStill[]; readonly untold: number } {
  const tasks: RunningStill[] = [];
  let total = 0;
  for (const { name: worker, paused } of agreed) {
    for (const { user, running, total: all } of paused) {
      total += all;
      for (const { id, started } of running) tasks.push({ id, user, worker, started });
    }
  }
  return { tasks: tasks.sort((a, b) => a.started - b.started), untold: total - tasks.length };
}
