import { counted } from '../core/reports/finding.js';
import type { Holding, WorkerReport, WorkerSnapshot } from '../core/reports/worker-report.js';
import { formatCount, formatDuration, formatRate, formatTasks } from './parts/numbers.js';
import { PREFETCH_REASONS } from './parts/prefetch-reasons.js';
import { safeText } from './parts/safe-text.js';
import { paint, type TextStyle } from './parts/style.js';
import { wrapText } from './parts/text.js';

export function renderWorker(report: WorkerReport, style: TextStyle): string {
  const { completed, failed, users, seconds } = report;
  const whose = `of ${formatCount(users)} ${users === 1 ? 'user' : 'users'}`;
  const lines = [
    `${paint('strong', `${formatTasks(completed)} done`, style)} ${whose} in ${formatDuration(seconds * 1000)} (${formatRate(report.perSecond)}) by ${safeText(report.name, style.unicode)}`,
  ];
  if (report.retried > 0)
    lines.push(
      `${formatCount(report.retried)} ${report.retried === 1 ? 'attempt' : 'attempts'} failed, with another to come`,
    );
  if (failed > 0)
    lines.push(paint('alarm', `${formatTasks(failed)} failed for good, kept as dead letters`, style));
  if (report.timedOut > 0) lines.push(`${formatTasks(report.timedOut)} ran too long (--task-timeout)`);
  if (report.givenBack > 0)
    lines.push(`${formatTasks(report.givenBack)} given back to the broker, not started`);
  if (report.unconfirmed > 0)
    lines.push(
      paint(
        'alarm',
        `${formatTasks(report.unconfirmed)} ended and not confirmed by the broker: it delivers them again`,
        style,
      ),
    );
  if (report.notMoved > 0)
    lines.push(
      paint(
        'alarm',
        `${formatTasks(report.notMoved)} failed, and the broker did not take their dead letter or retry, or did not take them back: it delivers them again`,
        style,
      ),
    );
  if (report.overlaps > 0)
    lines.push(
      `${formatTasks(report.overlaps)} ran on after their permits were lost: more than the cap may have run`,
    );
  lines.push(...promotionLines(report));
  if (report.leftToOthers > 0)
    lines.push(`${formatTasks(report.leftToOthers)} left to workers that had free slots`);
  lines.push(...renderHolding(report.holding, style));
  return lines.join('\n');
}

/** What it held and why, so that nobody has to guess whether a worker hoards. */
function renderHolding(holding: Holding, style: TextStyle): string[] {
  const { most, smallestWindow, largestWindow, reason } = holding;
  if (smallestWindow === null || largestWindow === null || reason === null) return [];
  const range = smallestWindow === largestWindow ? '' : `${formatCount(smallestWindow)} to `;
  const text = `held at most ${formatTasks(most)} at once, not started; one queue might have ${range}${formatTasks(largestWindow)} here, unacknowledged: ${PREFETCH_REASONS[reason]}`;
  return wrapText(text, style).map((line) => paint('quiet', line, style));
}

/** @param elapsed seconds so far */
export function workerProgressLine(now: WorkerSnapshot, elapsed: number): string {
  const done = now.completed + now.failed;
  const retried = now.retried > 0 ? `, ${formatCount(now.retried)} to be tried again` : '';
  const failed = now.failed > 0 ? `, ${formatCount(now.failed)} failed${retried}` : retried;
  return `${formatTasks(done)}${failed}, ${formatRate(elapsed > 0 ? done / elapsed : 0)} · ${formatCount(now.running)} running, ${formatCount(now.held)} held · ${activeText(now)}`;
}

/** Users with tasks here, and queues: several users may share one. */
export function activeText({ active, queues }: Pick<WorkerSnapshot, 'active' | 'queues'>): string {
  return `${counted(active, 'user')} active, ${counted(queues, 'queue')} served`;
}

/** What it did where light users share queues; nothing where it did nothing. */
function promotionLines({ promotions: { users, movedTasks, demoted } }: WorkerReport): string[] {
  const lines: string[] = [];
  if (users > 0)
    lines.push(
      `${counted(users, 'light user')} with many tasks promoted by this worker to ${queuesOf(users)}`,
    );
  if (movedTasks > 0)
    lines.push(`${formatTasks(movedTasks)} moved by this worker to the queues that their users have now`);
  if (demoted > 0)
    lines.push(`${counted(demoted, 'queue')} taken away by this worker, whose users had nothing left`);
  return lines;
}

function queuesOf(users: number): string {
  return users === 1 ? 'a queue of its own' : 'queues of their own';
}
