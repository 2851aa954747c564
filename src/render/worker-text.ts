import type { WorkerReport, WorkerSnapshot } from '../core/worker-report.js';
import { formatCount, formatDuration, formatRate, formatTasks } from './numbers.js';
import { paint, type TextStyle } from './style.js';
import { safeText } from './text.js';

export function renderWorker(report: WorkerReport, style: TextStyle): string {
  const { completed, failed, users, seconds } = report;
  const whose = `of ${formatCount(users)} ${users === 1 ? 'user' : 'users'}`;
  const lines = [
    `${paint('strong', `${formatTasks(completed)} done`, style)} ${whose} in ${formatDuration(seconds * 1000)} (${formatRate(report.perSecond)}) by ${safeText(report.name, style.unicode)}`,
  ];
  if (failed > 0)
    lines.push(paint('alarm', `${formatTasks(failed)} failed, kept in the dead letter queue`, style));
  if (report.givenBack > 0)
    lines.push(`${formatTasks(report.givenBack)} given back to the broker, not started`);
  return lines.join('\n');
}

/** @param elapsed seconds so far */
export function workerProgressLine(now: WorkerSnapshot, elapsed: number): string {
  const done = now.completed + now.failed;
  const failed = now.failed > 0 ? `, ${formatCount(now.failed)} failed` : '';
  return `${formatTasks(done)}${failed}, ${formatRate(elapsed > 0 ? done / elapsed : 0)} · ${formatCount(now.running)} running, ${formatCount(now.held)} held · ${formatCount(now.active)} of ${formatCount(now.queues)} users active`;
}
