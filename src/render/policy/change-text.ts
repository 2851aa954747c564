import type { LateWorker, PolicyChangeReport, RunningStill } from '../../core/reports/policy-report.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';

/**
 * @param what what counts now, as a sentence
 * @param now microseconds since the epoch
 */
export function renderChange(
  what: string,
  { revision, changed, workers, late, stillRunning, stillRunningUntold }: PolicyChangeReport,
  now: number,
  style: TextStyle,
): string {
  const first = changed
    ? `${what} (revision ${revision}).`
    : `${what}. It was so already (revision ${revision}).`;
  const lines = [paint('strong', safeText(first, style.unicode), style), goBy(workers.length, late.length)];
  for (const worker of late)
    lines.push(safeText(`${worker.name} does not: it ${whyLate(worker)}.`, style.unicode));
  if (stillRunning.length > 0) {
    lines.push('', runningTable(stillRunning, now, style));
    const untold = stillRunningUntold > 0 ? `, and ${formatCount(stillRunningUntold)} more` : '';
    const these =
      stillRunning.length === 1 && stillRunningUntold === 0 ? 'This still runs' : 'These still run';
    lines.push('', `${these}${untold}: a pause ends no task that has started.`);
  }
  return lines.join('\n');
}

function goBy(agreed: number, late: number): string {
  if (agreed + late === 0) return 'No worker runs. The next one goes by it from its first task on.';
  if (late === 0) return `${formatCount(agreed)} ${agreed === 1 ? 'worker goes' : 'workers go'} by it.`;
  return `${formatCount(agreed)} of ${formatCount(agreed + late)} workers ${agreed === 1 ? 'goes' : 'go'} by it.`;
}

function whyLate({ why, revision }: LateWorker): string {
  switch (why) {
    case 'silent':
      return 'is connected and says nothing';
    case 'older':
      return 'knows no policy, since its fairq is older or it may not read the policy';
    case 'no-tenants':
      return 'knows no tenants: start it with --tenant-of';
    case 'behind':
      return revision === null ? 'is starting' : `goes by revision ${revision}`;
  }
}

function runningTable(tasks: readonly RunningStill[], now: number, style: TextStyle): string {
  const safe = (text: string) => safeText(text, style.unicode);
  return renderTable<RunningStill>(
    [
      { heading: 'running for', text: ({ started }) => formatDuration((now - started) / 1_000) },
      { heading: 'user', text: ({ user }) => safe(user), align: 'left', shrinkTo: 8 },
      { heading: 'worker', text: ({ worker }) => safe(worker), align: 'left', shrinkTo: 8 },
      { heading: 'id', text: ({ id }) => safe(id), align: 'left', whole: true },
    ],
    tasks,
    style,
  );
}
