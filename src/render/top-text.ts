import { rateText } from '../core/policy/limit-text.js';
import type { TopSample, TopShared, TopTask, TopUser, TopWorker } from '../core/top/top-sample.js';
import { firstShown, type TopView, usersIn } from '../core/top/top-view.js';
import { formatCount, formatDuration, formatRate, formatTasks } from './parts/numbers.js';
import { safeText } from './parts/safe-text.js';
import { paint, type TextStyle } from './parts/style.js';
import { type Column, renderTable } from './parts/table.js';
import { fitText, textWidth, wrapParts, wrapText } from './parts/text.js';

const MOST_WORKERS = 5;
const BAR = 12;
/** What it says of its queues may be so old when it says it. */
const BROKER_COUNTS_EVERY_S = 5;
const FEWEST_ROWS = 6;
/** Of a narrow terminal: what comes first matters most. */
const MOST_HEAD = 2;
/** One that a task blocks is not heard either. */
const NO_WORKER = 'No worker is heard.';
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

const HELP = [
  's        sort by the next column: backlog, rate, wait, share, user',
  'r        the other way round',
  '/        show only users with some text in their name; Enter keeps it, Esc drops it',
  'up down  scroll, PgUp and PgDn by ten',
  'p        stop looking, and go on',
  'P        pause the user that is first in the table: none of its tasks starts any more, at any worker; asks first',
  'R        end the pause of that user',
  'l        list the queues now',
  'q        quit',
  '',
  'runs: tasks that run, of as many as its cap allows (~: the cap binds only while others wait). rate: the most starts in a time.',
  'at workers: of a user that shares queues, the tasks that are known to have come to workers and to wait there. What waits of it in the queues nobody can say.',
  'oldest: how long the task has run that a worker started first, and whose it is.',
  'wait: how long the last task of the user waited. share: its part of what was run in the last seconds, and what would be fair: who has no backlog gets what it asks for, and the others split the rest by weight.',
];

/** A screen: never more lines than `rows`, nor wider than the terminal. */
export function renderTop(sample: TopSample, view: TopView, style: TextStyle, rows: number): string[] {
  const { columns, unicode } = style;
  const head = [...headLines(sample, view, style).slice(0, MOST_HEAD), ''];
  const foot = footOf(view, unicode);
  const room = Math.max(FEWEST_ROWS, rows) - head.length - 2;
  const help = HELP.flatMap((text) => (text === '' ? [''] : wrapText(text, style)));
  const looked = () => [...workerLines(sample, style), ...sharedLines(sample.shared, style)];
  const body = view.help ? help : [...looked(), ...userLines(sample, view, style, room)];
  const lines = [...head, ...body.slice(0, room)];
  while (lines.length < Math.max(FEWEST_ROWS, rows) - 1) lines.push('');
  return [
    ...lines.map((line) => cut(line, columns, unicode)),
    paint(view.asking === undefined ? 'quiet' : 'strong', fitText(foot, columns - 1, unicode), style),
  ];
}

function footOf({ writing, filter, asking, said }: TopView, unicode: boolean): string {
  if (asking !== undefined) {
    const whose = `${asking.of === 'tenant' ? 'the tenant ' : ''}${safeText(asking.name, unicode)}`;
    return asking.verb === 'pause'
      ? `y: start no task of ${whose} any more; any other key: no`
      : `y: end the pause of ${whose}; any other key: no`;
  }
  if (writing) return `/${safeText(filter, unicode)}${unicode ? '▏' : '_'}`;
  if (said !== '') return safeText(said, unicode);
  return 'q quit  s sort  r reverse  / filter  p stop  P pause user  R resume  ? help';
}

function whatOf({ tenants }: TopSample): 'user' | 'tenant' {
  return tenants === undefined ? 'user' : 'tenant';
}

/** A table has a least width; what is too wide loses its colours with its middle. */
function cut(line: string, columns: number, unicode: boolean): string {
  const plain = line.replace(COLOURS, '');
  return textWidth(plain) <= columns ? line : fitText(plain, columns, unicode);
}

function headLines(sample: TopSample, view: TopView, style: TextStyle): string[] {
  const slots = sample.workers.reduce((sum, worker) => sum + worker.slots, 0);
  const idle = sample.workers.reduce((sum, worker) => sum + worker.idle, 0);
  const parts = [
    `${sample.at.slice(11, 19)} UTC`,
    `${formatCount((sample.tenants ?? sample.users).length)} ${whatOf(sample)}s`,
    waitingText(sample),
    formatRate(sample.perSecond),
    `${formatCount(sample.workers.length)} ${sample.workers.length === 1 ? 'worker' : 'workers'}, ${formatCount(slots - idle)} of ${formatCount(slots)} slots busy`,
    `by ${view.sort}${view.reversed ? ', reversed' : ''}`,
    ...(view.filter === '' ? [] : [`with "${safeText(view.filter, style.unicode)}"`]),
    ...(view.paused ? ['PAUSED'] : []),
  ];
  return wrapParts(parts, '   ', style).map((line) => paint('strong', line, style));
}

function waitingText({ backlog, listedSecondsAgo: age }: TopSample): string {
  if (age === null) return 'waiting: not known yet';
  const ago = formatDuration((Math.floor(age) + BROKER_COUNTS_EVERY_S) * 1_000);
  return backlog === null
    ? `waiting: unknown, last counted up to ${ago} ago (l)`
    : `${formatTasks(backlog)} waiting (counted up to ${ago} ago)`;
}

function workerLines({ workers, workersKnown }: TopSample, style: TextStyle): string[] {
  if (workers.length === 0) {
    const none = workersKnown ? paint('alarm', NO_WORKER, style) : 'Listening for workers.';
    return [none, ''];
  }
  const shown = [...workers].sort((a, b) => b.perSecond - a.perSecond).slice(0, MOST_WORKERS);
  const table = renderTable<TopWorker>(
    [
      {
        heading: 'worker',
        text: ({ name }) => safeText(name, style.unicode),
        align: 'left',
        shrinkTo: 10,
        whole: true,
      },
      { heading: 'slots', text: ({ slots }) => formatCount(slots) },
      { heading: 'idle', text: ({ idle }) => formatCount(idle) },
      { heading: 'tasks', text: ({ perSecond }) => formatRate(perSecond) },
      { heading: 'oldest', text: ({ longest }) => (longest === null ? '-' : age(longest)), dropOrder: 2 },
      {
        heading: 'of',
        text: ({ longest }) => ofUser(longest, style),
        align: 'left',
        shrinkTo: 8,
        whole: true,
        dropOrder: 1,
      },
      { heading: '', text: ({ ready }) => (ready ? '' : 'starting'), align: 'left' },
    ],
    shown,
    style,
  );
  const names = shown.flatMap(({ name, longest }) => {
    const [worker, user] = [safeText(name, style.unicode), ofUser(longest, style)];
    return [worker, user, `${worker}  ${user}`];
  });
  const more = workers.length - shown.length;
  return [
    ...withWhole(names, table, style),
    ...(more > 0 ? [`and ${formatCount(more)} more workers`] : []),
    '',
  ];
}

/** What waits in queues that light users share is anybody's. */
function sharedLines(shared: TopShared | null, style: TextStyle): string[] {
  if (shared === null) return [];
  const { queues, backlog, atWorkers, users, unserved } = shared;
  const waiting = backlog === null ? 'not known what waits' : `${formatTasks(backlog)} waiting, whoever's`;
  const known =
    atWorkers === null || users === null
      ? 'not known what is at workers'
      : `${formatTasks(atWorkers)} more at workers, of ${formatCount(users)} ${users === 1 ? 'user' : 'users'}`;
  const parts = [
    `${formatCount(queues)} shared ${queues === 1 ? 'queue' : 'queues'}`,
    waiting,
    known,
    ...(unserved ? [paint('alarm', 'no worker', style)] : []),
  ];
  return [...wrapParts(parts, '   ', style), ''];
}

function age({ seconds }: TopTask): string {
  return formatDuration(seconds * 1_000);
}

function ofUser(longest: TopTask | null, { unicode }: TextStyle): string {
  return longest === null ? '' : safeText(longest.user, unicode);
}

function userLines(sample: TopSample, view: TopView, style: TextStyle, room: number): string[] {
  const users = usersIn(sample, view);
  if (users.length === 0)
    return [view.filter === '' ? 'No user has a queue.' : `No ${whatOf(sample)} has that in its name.`];
  const from = firstShown(users, view);
  const shown = users.slice(from, from + room);
  const count = (value: number | null) => (value === null ? '-' : formatCount(value));
  const columns: Column<TopUser>[] = [
    {
      heading: whatOf(sample),
      text: ({ user }) => safeText(user, style.unicode),
      align: 'left',
      shrinkTo: 8,
      whole: true,
    },
    { heading: 'backlog', text: ({ backlog }) => count(backlog) },
    ...(shown.some(({ shares }) => shares)
      ? [{ heading: 'at workers', text: ({ atWorkers }: TopUser) => count(atWorkers), dropOrder: 3 }]
      : []),
    { heading: 'runs', text: runsText, dropOrder: 1 },
    ...(shown.some(({ rate }) => rate !== null)
      ? [
          {
            heading: 'rate',
            text: ({ rate }: TopUser) => (rate === null ? '-' : rateText(rate)),
            dropOrder: 2,
          },
        ]
      : []),
    { heading: 'held', text: ({ unacknowledged }) => count(unacknowledged), dropOrder: 4 },
    { heading: 'tasks', text: ({ perSecond }) => formatRate(perSecond) },
    { heading: 'wait', text: ({ waitMs }) => (waitMs === null ? '-' : formatDuration(waitMs)) },
    { heading: 'share', text: ({ share }) => percent(share) },
    { heading: 'fair', text: ({ fairShare }) => percent(fairShare) },
    { heading: '', text: (user) => bar(user, style), align: 'left', dropOrder: 5 },
    { heading: '', text: stateOf, align: 'left' },
  ];
  const names = shown.map(({ user }) => safeText(user, style.unicode));
  return withWhole(names, renderTable(columns, shown, style), style);
}

/** The lines of a table, of which those that are names without room in their column may be longer than any line is. */
function withWhole(names: readonly string[], table: string, { columns }: TextStyle): string[] {
  const isName = new Set(names);
  return table.split('\n').flatMap((line) => (isName.has(line) ? inPieces(line, columns) : [line]));
}

/** A name that is typed again is all there, on as many lines as it takes. */
function inPieces(name: string, columns: number): string[] {
  const lines = [''];
  for (const { segment } of graphemes.segment(name)) {
    if (textWidth(lines.at(-1)! + segment) <= columns) lines[lines.length - 1] += segment;
    else lines.push(segment);
  }
  return lines;
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(1)} %`;
}

function bar({ share, fairShare }: TopUser, { unicode }: TextStyle): string {
  if (share === null || fairShare === null) return '';
  const [full, mark] = unicode ? ['█', '┃'] : ['#', '|'];
  const at = Math.min(BAR - 1, Math.round(fairShare * (BAR - 1)));
  const end = Math.round(share * (BAR - 1));
  return Array.from({ length: BAR }, (_, i) => (i === at ? mark : i < end ? full : ' '))
    .join('')
    .trimEnd();
}

function runsText({ running, cap, capWhenBusy }: TopUser): string {
  const runs = running === null ? '-' : formatCount(running);
  return cap === null ? runs : `${runs}/${formatCount(cap)}${capWhenBusy ? '~' : ''}`;
}

function stateOf({ unserved, paused, shares }: TopUser): string {
  if (paused !== null) return paused.until === null ? 'paused' : `paused to ${paused.until.slice(11, 16)}`;
  if (unserved) return 'no worker';
  return shares ? 'shares' : '';
}
