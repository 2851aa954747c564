import type { RunTimeline, UserTimeline } from '../../core/measures/run-timeline.js';
import { formatCount, formatDuration, formatTasks } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { LANE_TONES, paint, type TextStyle } from '../parts/style.js';
import { fitText, padRight, textWidth, wrapText } from '../parts/text.js';

/** From a little to the most; nothing is a space. */
const UNICODE = '▁▂▃▄▅▆▇█';
const ASCII = '.:-=+*#@';
/** More users have no bars: their extremes are in the table, and how far they were apart is in the lag. */
export const MOST_BARS = 7;
const LEAST_COLUMNS = 8;
/** What follows a line: a number, and whose it was. */
const RIGHT_COLUMNS = 20;

/** So many intervals fit on a line. */
export function timelineColumns({ columns }: TextStyle): number {
  return Math.max(LEAST_COLUMNS, columns - 10 - RIGHT_COLUMNS);
}

/** What waited and who was behind, over time, and what each of a few users had been served by half time. */
export function renderTimeline(timeline: RunTimeline, style: TextStyle): string {
  const { ends, all, lag, lagUser, mostWaiting } = timeline;
  const seconds = ends.at(-1) ?? 0;
  if (ends.length < 2) return '';
  const mostLag = Math.max(...lag);
  const whose = lagUser[lag.indexOf(mostLag)];
  const name = whose === null || whose === undefined ? '' : ` ${fitted(whose, 8, style)}`;
  const head = `Over time (${formatDuration(seconds * 1_000)}; a column: ${formatDuration((seconds * 1_000) / ends.length)})`;
  const lines = [
    ...heading(head, style),
    `waiting   ${spark(all.backlog, style)} ${formatCount(mostWaiting)} at most`,
    `behind    ${spark(lag, style)} ${mostLag < 9.95 ? mostLag.toFixed(1) : formatCount(mostLag)} at most${name}`,
  ];
  const bars = halfTimeBars(timeline, style);
  return [...lines, ...(bars.length === 0 ? [] : ['', ...bars])].join('\n');
}

function spark(values: readonly number[], style: TextStyle): string {
  const glyphs = style.unicode ? UNICODE : ASCII;
  const most = Math.max(...values);
  const cells = values.map((value) =>
    value <= 0 ? ' ' : glyphs[Math.min(glyphs.length - 1, Math.ceil((value / most) * glyphs.length) - 1)]!,
  );
  return paint('cyan', cells.join(''), style);
}

/** What each had by the middle of the run, and where a fair share would have ended. */
function halfTimeBars({ users }: RunTimeline, style: TextStyle): string[] {
  if (users.length < 2 || users.length > MOST_BARS) return [];
  const rows = users.map((user: UserTimeline) => ({
    name: fitted(user.user, Math.max(8, Math.floor(style.columns / 5)), style),
    ...user.atHalf,
  }));
  const most = Math.max(1, ...rows.map(({ served, due }) => Math.max(served, due)));
  const nameColumns = Math.max(...rows.map(({ name }) => textWidth(name)));
  const texts = rows.map(({ served, due }) => `${formatCount(served)} of ${formatTasks(Math.round(due))}`);
  const room = Math.max(LEAST_COLUMNS, style.columns - nameColumns - 4 - Math.max(...texts.map(textWidth)));
  const [full, mark, left] = style.unicode ? ['█', '┃', '─'] : ['#', '|', '-'];
  return [
    ...heading(`Served by half time (${mark} where a fair share ends)`, style),
    ...rows.map(({ name, served, due }, i) => {
      const columns = (value: number) => Math.round((value / most) * (room - 1));
      const end = columns(due);
      const bar = Array.from({ length: room }, (_, at) => {
        if (at === end) return mark;
        return at < columns(served) ? full : at < end ? left : ' ';
      }).join('');
      return `${padRight(name, nameColumns)}  ${paint(LANE_TONES[i % LANE_TONES.length]!, bar, style)} ${texts[i]}`;
    }),
  ];
}

function heading(text: string, style: TextStyle): string[] {
  return wrapText(text, style).map((line) => paint('strong', line, style));
}

function fitted(name: string, columns: number, { unicode }: TextStyle): string {
  return fitText(safeText(name, unicode), columns, unicode);
}
