import type { PublishProgress, PublishReport } from '../core/reports/publish-report.js';
import { shellWord } from '../core/reports/shell-word.js';
import { formatCount, formatDuration, formatRate, formatTasks } from './parts/numbers.js';
import { safeText } from './parts/safe-text.js';
import { paint, type TextStyle } from './parts/style.js';

/** Queues named one by one. */
const QUEUES_SHOWN = 3;
/** Users that are named whose tasks were not taken. */
const USERS_SHOWN = 10;
const RUNS_SHOWN = 3;

export function renderPublish(report: PublishReport, style: TextStyle): string {
  const { confirmed, users, seconds, restored, restoredRuns } = report;
  const lines = [
    `${paint('strong', `${formatTasks(confirmed)} confirmed`, style)} for ${formatCount(users)} ${users === 1 ? 'user' : 'users'} in ${formatDuration(seconds * 1000)} (${formatRate(report.perSecond)})`,
  ];
  if (restored < confirmed || confirmed === 0) lines.push(`run ${safeText(report.run, style.unicode)}`);
  if (restored > 0) lines.push(`${formatTasks(restored)} as saved${ofRuns(restoredRuns, style)}`);
  if (report.id !== null) lines.push(`task ${safeText(report.id, style.unicode)}`);
  const { queues, streams } = report;
  // What nobody runs comes first.
  const named = [...(streams ?? []), ...queues.filter((queue) => streams?.includes(queue) !== true)];
  lines.push(...named.slice(0, QUEUES_SHOWN).map((queue) => servedBy(queue, report, style)));
  if (queues.length > QUEUES_SHOWN) {
    lines.push(`and so on, for ${formatCount(queues.length)} queues that are no user's`);
  }
  lines.push(...notTakenLines(report, style));
  if (report.interrupted) {
    lines.push(
      paint(
        'alarm',
        'Interrupted: what is counted here was sent and confirmed, the rest was not sent.',
        style,
      ),
    );
  }
  if (report.sentAgain > 0) {
    lines.push(
      `${formatTasks(report.sentAgain)} sent again after a lost connection: some may be there twice, with the same id.`,
    );
  }
  if (report.late > 0) {
    lines.push(
      paint(
        'alarm',
        `${formatTasks(report.late)} sent more than 10 ms late: the rate is more than fairq or the broker could do.`,
        style,
      ),
    );
  }
  return lines.join('\n');
}

function ofRuns(runs: readonly string[], style: TextStyle): string {
  if (runs.length === 0) return '';
  const shown = runs.slice(0, RUNS_SHOWN).map((run) => safeText(run, style.unicode));
  const more = runs.length > RUNS_SHOWN ? ` and ${formatCount(runs.length - RUNS_SHOWN)} more` : '';
  return `, of ${runs.length === 1 ? 'run' : 'runs'} ${shown.join(', ')}${more}: with the ids that they had`;
}

function notTakenLines({ notTaken, run }: PublishReport, style: TextStyle): string[] {
  if (notTaken.length === 0) return [];
  const all = notTaken.reduce((sum, { tasks }) => sum + tasks, 0);
  const shown = notTaken.slice(0, USERS_SHOWN).map(({ user, tasks, firstLine, firstId, reason }) => {
    const first = firstLine === null ? `task ${firstId}` : `line ${formatCount(firstLine)}`;
    return `  ${safeText(user, style.unicode)}: ${formatTasks(tasks)}${tasks > 1 ? ', the first' : ','} ${first}: ${safeText(reason, style.unicode)}`;
  });
  const more = notTaken.length - shown.length;
  return [
    paint(
      'alarm',
      `${formatTasks(all)} not taken by the broker; ${all === 1 ? 'it is' : 'they are'} in no queue:`,
      style,
    ),
    ...shown,
    ...(more > 0 ? [`  and so on, for ${formatCount(more)} more`] : []),
    `Send ${all === 1 ? 'it again, and it' : 'them again, and them'} alone, with --run ${shellWord(run)}; --json names all of these users.`,
  ];
}

/** What became of the tasks that were waited for. */
export function renderWait({
  done,
  failed,
  unfinished,
}: {
  readonly done: number;
  readonly failed: number;
  readonly unfinished: number;
}): string {
  const parts = [`${formatCount(done)} done`, `${formatCount(failed)} failed`];
  if (unfinished > 0) parts.push(`${formatCount(unfinished)} not ended`);
  return parts.join(', ');
}

/** No worker looks after such a queue unless it is told to, and none looks after a stream. */
function servedBy(queue: string, { streams }: PublishReport, style: TextStyle): string {
  const name = safeText(queue, style.unicode);
  if (streams?.includes(queue) === true) {
    return paint('alarm', `queue "${name}" is a stream: no worker runs what is in it`, style);
  }
  return `queue "${name}": workers serve it with --${name.includes(',') ? 'queues' : 'also'} ${shellWord(name)}`;
}

/** @param elapsed seconds so far */
export function publishProgressLine(progress: PublishProgress, elapsed: number): string {
  const { confirmed, total } = progress;
  const rate = elapsed > 0 ? confirmed / elapsed : 0;
  if (total === undefined) return `${formatCount(confirmed)} confirmed, ${formatRate(rate)}`;
  const left = rate > 0 ? `, ${formatDuration(((total - confirmed) / rate) * 1000)} left` : '';
  return `${formatCount(confirmed)} of ${formatCount(total)} confirmed, ${formatRate(rate)}${left}`;
}
