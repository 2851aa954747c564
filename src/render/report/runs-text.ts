import type { RunSummary } from '../../core/events/run-catalog.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import type { TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';

export function renderRuns(runs: readonly RunSummary[], style: TextStyle): string {
  if (runs.length === 0) return 'No runs yet.';
  return renderTable<RunSummary>(
    [
      {
        heading: 'run',
        text: (run) => (run.run === '' ? '(none)' : safeText(run.run, style.unicode)),
        align: 'left',
        shrinkTo: 12,
        whole: true,
      },
      { heading: 'users', text: (run) => formatCount(run.users) },
      { heading: 'published', text: (run) => (run.published === null ? '?' : formatCount(run.published)) },
      { heading: 'completed', text: (run) => formatCount(run.completed) },
      { heading: 'last activity', text: (run) => timeOf(run.lastTime), align: 'left' },
      { heading: 'took', text: (run) => formatDuration((run.lastTime - run.firstTime) / 1000), dropOrder: 1 },
    ],
    runs,
    style,
  );
}

/** Microseconds since the epoch as `2026-11-22 14:05:09 UTC`. */
function timeOf(micros: number): string {
  return `${new Date(micros / 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
