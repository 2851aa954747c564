import type { RunTimeline } from '../../core/measures/run-timeline.js';
import type {
  CompletionOrder,
  FairnessReport,
  PolicyChangeReport,
  RunReport,
  UserReport,
} from '../../core/reports/run-report.js';
import type { ThresholdResult } from '../../core/thresholds/threshold.js';
import { renderLanes } from '../lanes/lanes.js';
import { formatCount, formatDuration, formatRate, formatTasks } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle, type Tone } from '../parts/style.js';
import { type Column, renderTable } from '../parts/table.js';
import { fitText, wrapText } from '../parts/text.js';
import { renderThresholds } from '../parts/threshold-text.js';
import { type AtOnceShown, atOnceText } from './at-once-text.js';
import { failingUsers } from './failing-users.js';
import { describeOverlaps } from './overlaps-text.js';
import { describePolicyChanges } from './policy-changes-text.js';
import { renderTimeline } from './timeline-text.js';

export interface ReportExtras {
  /** How many the report leaves out of its list. */
  readonly usersHidden?: number;
  /** Of all users where they are few. */
  readonly timeline?: RunTimeline;
  readonly thresholds?: readonly ThresholdResult[];
  /** The most of each user's tasks that ran at once are shown, beside the cap of those who have one. */
  readonly atOnce?: AtOnceShown | undefined;
  /** What operators changed during the run. */
  readonly policyChanges?: readonly PolicyChangeReport[];
  /** How groups of users fared, as text. */
  readonly groups?: string | undefined;
  /** How tenants fared, as text. */
  readonly tenants?: string | undefined;
  /** With another run, as text. */
  readonly comparison?: string | undefined;
}

/** A run for people: what became of its tasks, who waited how long, and who was served when. */
export function renderReport(
  report: RunReport,
  order: CompletionOrder,
  style: TextStyle,
  {
    usersHidden = 0,
    timeline,
    thresholds = [],
    atOnce,
    policyChanges = [],
    groups = '',
    tenants = '',
    comparison = '',
  }: ReportExtras = {},
): string {
  const verdicts = renderThresholds(thresholds, style);
  if (report.users.length === 0) return joined([renderHeader(report, style), verdicts]);
  const blocks = [
    renderHeader(report, style),
    renderUsers(report, usersHidden, style, atOnce),
    [
      lines(describeFairness(report.fairness, tenants !== '', style), 'strong', style),
      ...describePolicyChanges(policyChanges, style.unicode).map((text) => lines(text, 'quiet', style)),
    ].join('\n'),
    groups,
    tenants,
    renderLanes(order, style, {
      ...(usersHidden > 0 && { users: report.users.map(({ user }) => user) }),
      failing: failingUsers(report),
    }),
    timeline === undefined ? '' : renderTimeline(timeline, style),
    comparison,
    verdicts,
  ];
  return joined(blocks);
}

function joined(blocks: readonly string[]): string {
  return blocks.filter((block) => block !== '').join('\n\n');
}

function renderHeader(report: RunReport, style: TextStyle): string {
  const name = safeText(titleOf(report), style.unicode);
  const workers = report.workerNames.length;
  const work =
    report.completed === 0
      ? 'no task has completed'
      : `${formatTasks(report.completed)} of ${usersOf(report)} in ${formatDuration(report.seconds * 1000)}, ` +
        `${formatRate(report.tasksPerSecond)}, by ${formatCount(workers)} ${workers === 1 ? 'worker' : 'workers'}, ${describeTimes(report)}`;
  const verdict = describeMissing(report);
  return [
    lines(`${name}: ${work}`, 'strong', style),
    lines(verdict.text, verdict.tone, style),
    lines(describeRepeats(report), report.failed > 0 ? 'alarm' : null, style),
    ...describeOverlaps(report, style.unicode).map((text) => lines(text, 'alarm', style)),
    ...describeSending(report).map((text) => lines(text, 'alarm', style)),
    ...describeCut(report).map((text) => lines(text, 'alarm', style)),
  ].join('\n');
}

/** `Run friday`, `12 runs (web-*)` */
export function titleOf({ run, runs }: RunReport): string {
  if (runs.length > 1) return `${formatCount(runs.length)} runs (${run})`;
  const [only = run] = runs;
  return only === '' ? 'Tasks without a run' : `Run ${only}`;
}

/** `from 2026-11-26 14:05:09 to 14:20:09 UTC`; the day is said again only where it is another. */
export function describeTimes({ beganAt, endedAt }: RunReport): string {
  if (beganAt === null || endedAt === null) return '';
  const [from, to] = [beganAt, endedAt].map((at) => new Date(at / 1000).toISOString().slice(0, 19)) as [
    string,
    string,
  ];
  const end = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to.replace('T', ' ');
  return `from ${from.replace('T', ' ')} to ${end} UTC`;
}

function usersOf({ userCount }: RunReport): string {
  return userCount === 1 ? '1 user' : `${formatCount(userCount)} users`;
}

/** Whether tasks are missing: what the reader must not overlook. */
export function describeMissing(report: RunReport): Verdict {
  const { run, published, completed, outstanding, missing, window } = report;
  if (window !== null) {
    return {
      text: `Only the tasks that started ${describeWindow(window)}: what is missing is not known of a part.`,
      tone: 'quiet',
    };
  }
  if (published === null || missing === null || outstanding === null) {
    return run === ''
      ? { text: 'Nobody has said how many there should be: fairq did not publish them.', tone: 'quiet' }
      : { text: 'UNKNOWN whether tasks are missing: no publisher has said yet what it sent.', tone: 'alarm' };
  }
  const unnamed = completed - (published - outstanding);
  const more = unnamed > 0 ? ` ${formatTasks(unnamed)} completed that no publisher has named.` : '';
  const rest = describeRest(report);
  if (missing > 0) {
    const nowhere = report.waiting === null ? '' : ', and no queue and no worker has them';
    const text = `MISSING: ${formatCount(missing)} of ${formatTasks(published)} published ${missing === 1 ? 'has' : 'have'} not completed${nowhere}.${rest === '' ? '' : ` ${rest}`}${more}`;
    return { text, tone: 'alarm' };
  }
  if (rest !== '') {
    const text = `It goes on: ${formatCount(outstanding)} of ${formatTasks(published)} published ${outstanding === 1 ? 'has' : 'have'} not completed. ${rest}${more}`;
    return { text, tone: 'yellow' };
  }
  return { text: `Nothing is missing: ${formatTasks(published)} published.${more}`, tone: 'good' };
}

/** Of what has not completed and is not missing; empty where there is nothing. */
function describeRest({ waiting, running, retrying, unknown }: RunReport): string {
  const are = (count: number | null, text: string) => (count ? [`${formatCount(count)} ${text}`] : []);
  const parts = [
    ...are(waiting, waiting === 1 ? 'waits' : 'wait'),
    ...are(running, running === 1 ? 'runs' : 'run'),
    ...are(retrying, `${retrying === 1 ? 'is' : 'are'} to be tried again`),
  ];
  const sure = parts.length === 0 ? [] : [`${parts.join(', ')}.`];
  const unsure = unknown
    ? [
        `UNKNOWN of ${formatCount(unknown)} whether they wait or are missing: other tasks are in the same queues, a queue is down, or a worker did not answer.`,
      ]
    : [];
  return [...sure, ...unsure].join(' ');
}

/** Where the load was not what was asked for. */
export function describeSending({ sending, completed }: RunReport): string[] {
  if (sending === null || sending.late === 0) return [];
  const late = `${formatCount(sending.late)} of ${formatTasks(completed)} ${sending.late === 1 ? 'was' : 'were'} sent more than 10 ms late (${formatDuration(sending.latenessMs.max)} at most)`;
  return sending.senderWasLimit
    ? [
        `THE SENDER WAS THE LIMIT: ${late}. Dwell counts from when they were due; from when they were sent its p95 is ${formatDuration(sending.dwellFromSentMs.p95)}.`,
      ]
    : [`${late}; dwell counts from when they were due.`];
}

function describeWindow({ since, until }: NonNullable<RunReport['window']>): string {
  const at = (micros: number) => new Date(micros / 1000).toISOString();
  if (since === null) return until === null ? 'at any time' : `before ${at(until)}`;
  return until === null ? `from ${at(since)} on` : `from ${at(since)} to ${at(until)}`;
}

/** What the reader has to know before they believe the rest. */
export function describeCut({ historyCutAt }: RunReport): string[] {
  if (historyCutAt === null) return [];
  const at = new Date(historyCutAt / 1000).toISOString();
  return [
    `HISTORY IS CUT: the event stream begins at ${at}, and this run is older. What completed before is not counted: it shows as missing, or not at all.`,
  ];
}

interface Verdict {
  readonly text: string;
  readonly tone: Tone;
}

function describeRepeats({ failed, retries, duplicates }: RunReport): string {
  const failures = failed === 0 ? 'No task failed' : `FAILED: ${formatTasks(failed)}`;
  const again =
    retries === 0
      ? ''
      : `, ${formatCount(retries)} failed ${retries === 1 ? 'attempt was' : 'attempts were'} tried again`;
  const repeats = duplicates === 0 ? 'none completed twice' : `${formatCount(duplicates)} completed again`;
  return `${failures}${again}, ${repeats}.`;
}

function describeFairness(fairness: FairnessReport, hasTenants: boolean, style: TextStyle): string {
  const whom = hasTenants ? "a user's fair part of its tenant's fair share" : 'a fair share for all';
  const jain = `Fairness at half time: ${fairness.jainAtHalf.toFixed(3)} (Jain's index; 1 is ${whom}).`;
  if (fairness.maxLagUser === null) return `${jain} Nobody was ever behind.`;
  const work = formatDuration(fairness.maxLagMs);
  const whose = safeText(fairness.maxLagUser, style.unicode);
  return `${jain} Furthest behind its share: ${whose}, by ${formatLagTasks(fairness)} tasks, ${work} of work.`;
}

/** `126`, or `0.5` where an ideal schedule would be within a task. */
export function formatLagTasks({ maxLagTasks }: FairnessReport): string {
  return formatLag(maxLagTasks);
}

export function formatLag(maxLagTasks: number): string {
  return maxLagTasks < 9.95 ? maxLagTasks.toFixed(1) : formatCount(maxLagTasks);
}

function renderUsers(
  report: RunReport,
  hidden: number,
  style: TextStyle,
  atOnce: ReportExtras['atOnce'],
): string {
  const position = (value: number | null): string => (value === null ? '-' : formatCount(value));
  const dwell = (pick: 'p50' | 'p95' | 'p99' | 'max') => (user: UserReport) =>
    user.dwellMs === null ? '-' : formatDuration(user.dwellMs[pick]);
  const where = (['waiting', 'running', 'retrying', 'unknown', 'missing'] as const).flatMap((heading) =>
    report[heading] ? [{ heading, text: (user: UserReport) => position(user[heading]) }] : [],
  );
  const columns: Column<UserReport>[] = [
    {
      heading: 'user',
      text: (user) => safeText(user.user, style.unicode),
      align: 'left',
      shrinkTo: 8,
      whole: true,
    },
    { heading: 'tasks', text: (user) => formatCount(user.tasks) },
    ...where,
    ...(report.failed > 0
      ? [{ heading: 'failed', text: (user: UserReport) => formatCount(user.failed) }]
      : []),
    ...(report.retries > 0
      ? [{ heading: 'tried\nagain', text: (user: UserReport) => formatCount(user.retries), dropOrder: 6 }]
      : []),
    ...(atOnce === undefined
      ? []
      : [
          { heading: 'most\nat once', text: (user: UserReport) => atOnceText(user, atOnce.capOf(user.user)) },
        ]),
    { heading: 'first\nstart', text: (user) => position(user.firstStartPosition), dropOrder: 3 },
    { heading: 'first\ndone', text: (user) => position(user.firstCompletionPosition), dropOrder: 4 },
    { heading: 'last\ndone', text: (user) => position(user.lastCompletionPosition) },
    { heading: 'dwell\np50', text: dwell('p50'), dropOrder: 1 },
    { heading: 'dwell\np95', text: dwell('p95') },
    { heading: 'dwell\np99', text: dwell('p99'), dropOrder: 5 },
    { heading: 'dwell\nmax', text: dwell('max'), dropOrder: 2 },
  ];
  const others = hidden === 0 ? '' : `${formatCount(hidden)} more users are not shown. `;
  const key = `start, done: which of all tasks it was. dwell: from enqueued to started.${
    atOnce === undefined
      ? ''
      : " at once: of attempts that have ended or were given up, by the workers' clocks."
  }`;
  return `${renderTable(columns, report.users, style)}\n${lines(others + key, 'quiet', style)}`;
}

/** In a heading of a picture, where a name must not take more than half of a line. */
export function shortName(name: string, style: TextStyle): string {
  return fitText(safeText(name, style.unicode), Math.floor(style.columns / 2), style.unicode);
}

function lines(text: string, tone: Tone | null, style: TextStyle): string {
  const wrapped = wrapText(text, style);
  return wrapped.map((line) => (tone === null ? line : paint(tone, line, style))).join('\n');
}
