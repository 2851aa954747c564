import type { RunningTaskRow, RunningTasks } from '../core/reports/running-report.js';
import { formatCount, formatDuration } from './parts/numbers.js';
import { safeText } from './parts/safe-text.js';
import { paint, type TextStyle } from './parts/style.js';
import { renderTable } from './parts/table.js';
import { wrapText } from './parts/text.js';

export function renderRunning({ tasks, total, workers, silent }: RunningTasks, style: TextStyle): string {
  const safe = (text: string) => safeText(text, style.unicode);
  const table = renderTable<RunningTaskRow>(
    [
      { heading: 'running for', text: ({ seconds }) => formatDuration(seconds * 1_000) },
      { heading: 'user', text: ({ user }) => safe(user), align: 'left', shrinkTo: 8 },
      { heading: 'task', text: ({ task }) => safe(task), align: 'left', shrinkTo: 8 },
      { heading: 'worker', text: ({ worker }) => safe(worker), align: 'left', shrinkTo: 8 },
      { heading: 'attempt', text: ({ attempt }) => formatCount(attempt) },
      { heading: 'id', text: ({ id }) => safe(id), align: 'left', whole: true },
    ],
    tasks,
    style,
  );
  const hidden = total - tasks.length;
  const asked = `${formatCount(workers.length)} ${workers.length === 1 ? 'worker' : 'workers'} answered`;
  const lines = [
    ...(tasks.length > 0
      ? [table]
      : [silent.length > 0 ? 'No such task is known to run.' : 'No such task runs.']),
    '',
    paint('strong', `${formatCount(total)} ${total === 1 ? 'task' : 'tasks'}, ${asked}`, style),
    ...(hidden > 0 ? [`${formatCount(hidden)} of them not shown (--limit)`] : []),
  ];
  if (silent.length > 0) {
    const names = silent.slice(0, 10).map(safe).join(', ');
    const more = silent.length > 10 ? ` and ${formatCount(silent.length - 10)} more` : '';
    const text = `No answer from ${names}${more}: what runs there is unknown. It is busy with a task that blocks its event loop, stopped, of another --prefix, or older than this fairq.`;
    lines.push(paint('alarm', wrapText(text, style).join('\n'), style));
  }
  return lines.join('\n');
}
