import type { DeadLetter } from '../core/message/dead-letter.js';
import type { DeadLetterGroup, GroupField } from '../core/message/dead-letter-groups.js';
import { formatBytes, formatCount, formatDuration } from './parts/numbers.js';
import { safeText } from './parts/safe-text.js';
import { paint, type TextStyle } from './parts/style.js';
import { renderTable } from './parts/table.js';

interface Letter extends DeadLetter {
  readonly id: string;
  readonly type: string;
  readonly bytes: number;
}

interface Listing {
  readonly letters: readonly Letter[];
  /** In the queue, chosen or not. */
  readonly total: number;
  /** Left out by --limit. */
  readonly hidden: number;
  /** Microseconds since the epoch. */
  readonly now: number;
}

interface Groups {
  readonly by: readonly GroupField[];
  readonly groups: readonly DeadLetterGroup[];
  readonly total: number;
  readonly chosen: number;
  /** Rows left out by --limit. */
  readonly hidden: number;
  /** Microseconds since the epoch. */
  readonly now: number;
}

/** Of a payload so many characters are shown. */
const PAYLOAD_SHOWN = 2_000;

export function renderDeadLetters({ letters, total, hidden, now }: Listing, style: TextStyle): string {
  if (total === 0) return 'No dead letters.';
  if (letters.length === 0) return `None of ${formatCount(total)} dead letters fits.`;
  const safe = (text: string | undefined) => (text === undefined ? '-' : safeText(text, style.unicode));
  const table = renderTable<Letter>(
    [
      { heading: 'id', text: ({ id }) => safe(id), align: 'left', shrinkTo: 36, whole: true },
      { heading: 'user', text: ({ user }) => safe(user), align: 'left', shrinkTo: 8, whole: true },
      { heading: 'task', text: ({ type }) => safe(type), align: 'left', shrinkTo: 8, dropOrder: 2 },
      { heading: 'attempts', text: ({ attempts }) => (attempts === undefined ? '-' : formatCount(attempts)) },
      { heading: 'died', text: ({ lastEndAt }) => ago(lastEndAt, now), dropOrder: 1 },
      { heading: 'run', text: ({ run }) => safe(run), align: 'left', shrinkTo: 8, dropOrder: 3, whole: true },
      { heading: 'reason', text: ({ reason }) => safe(firstLine(reason)), align: 'left', shrinkTo: 16 },
    ],
    letters,
    style,
  );
  const chosen = letters.length + hidden;
  const of = chosen === total ? formatCount(total) : `${formatCount(chosen)} of ${formatCount(total)}`;
  const more = hidden > 0 ? `; ${formatCount(hidden)} more not shown (--limit)` : '';
  return `${table}\n\n${paint('strong', `${of} dead ${total === 1 ? 'letter' : 'letters'}`, style)}${more}`;
}

/** How many there are of each, the most first. */
export function renderDeadLetterGroups(
  { total, chosen, groups, hidden, by, now }: Groups,
  style: TextStyle,
): string {
  if (total === 0) return 'No dead letters.';
  if (groups.length === 0) return `None of ${formatCount(total)} dead letters fits.`;
  const table = renderTable<DeadLetterGroup>(
    [
      ...by.map((field) => ({
        heading: field,
        text: ({ of }: DeadLetterGroup) => safeText(of[field] ?? '-', style.unicode),
        align: 'left' as const,
        ...(field === 'reason' ? { shrinkTo: 16 } : { shrinkTo: 8, whole: true }),
      })),
      { heading: 'letters', text: ({ letters }) => formatCount(letters) },
      { heading: 'newest', text: ({ newestAt }) => ago(newestAt ?? undefined, now), dropOrder: 1 },
      { heading: 'oldest', text: ({ oldestAt }) => ago(oldestAt ?? undefined, now), dropOrder: 3 },
      {
        heading: 'one of them',
        text: ({ id }) => safeText(id, style.unicode),
        align: 'left',
        shrinkTo: 36,
        whole: true,
        dropOrder: 2,
      },
    ],
    groups,
    style,
  );
  const of = chosen === total ? formatCount(total) : `${formatCount(chosen)} of ${formatCount(total)}`;
  const more = hidden > 0 ? `; ${formatCount(hidden)} more rows not shown (--limit)` : '';
  return `${table}\n\n${paint('strong', `${of} dead ${total === 1 ? 'letter' : 'letters'}`, style)}${more}`;
}

export function renderDeadLetter(
  found: { letter: Letter; contentType: string; payload: Uint8Array; now: number },
  style: TextStyle,
): string {
  const { letter, contentType, payload, now } = found;
  const safe = (text: string | undefined) =>
    text === undefined || text === '' ? '-' : safeText(text, style.unicode);
  const rows: [string, string][] = [
    ['id', safe(letter.id)],
    ['user', safe(letter.user)],
    ['run', safe(letter.run)],
    ['task', safe(letter.type)],
    ['queue', safe(letter.queue)],
    ['attempts', letter.attempts === undefined ? '-' : formatCount(letter.attempts)],
    ['first start', ago(letter.firstStartAt, now)],
    ['last end', ago(letter.lastEndAt, now)],
    ['reason', safe(letter.reason)],
    ['payload', `${formatBytes(letter.bytes)} ${safe(contentType)}`],
  ];
  const lines = rows.map(([name, value]) => `${paint('strong', name.padEnd(12), style)}${value}`);
  const text = new TextDecoder().decode(payload).slice(0, PAYLOAD_SHOWN);
  if (text !== '') lines.push(...indented(text, style));
  if (letter.stack !== undefined)
    lines.push(paint('strong', 'stack', style), ...indented(letter.stack, style));
  return lines.join('\n');
}

/** What would be done, for --dry-run. */
export function renderDeadPlan(
  { letters, total }: Pick<Listing, 'letters' | 'total'>,
  whatHappens: string,
  style: TextStyle,
): string {
  if (letters.length === 0)
    return total === 0 ? 'No dead letters.' : `None of ${formatCount(total)} dead letters fits.`;
  const users = new Set(letters.map(({ user }) => user)).size;
  const of = `${formatCount(letters.length)} of ${formatCount(total)} dead letters, of ${formatCount(users)} ${users === 1 ? 'user' : 'users'}`;
  return paint('strong', `Would be ${whatHappens}: ${of}. Nothing was changed.`, style);
}

export function renderDeadOutcome(
  { done, kept }: { done: number; kept: readonly { id: string; reason: string }[] },
  whatHappens: string,
  style: TextStyle,
): string {
  const lines = [paint('strong', `${formatCount(done)} ${whatHappens}.`, style)];
  if (kept.length > 0) {
    lines.push(paint('alarm', `${formatCount(kept.length)} left where they are:`, style));
    const shown = kept.slice(0, 10);
    for (const { id, reason } of shown)
      lines.push(`  ${safeText(id, style.unicode)}: ${safeText(reason, style.unicode)}`);
    if (kept.length > shown.length)
      lines.push(`  and ${formatCount(kept.length - shown.length)} more (--json names all)`);
  }
  return lines.join('\n');
}

function ago(at: number | undefined, now: number): string {
  return at === undefined ? '-' : `${formatDuration(Math.max(0, now - at) / 1000)} ago`;
}

function firstLine(text: string | undefined): string | undefined {
  return text?.split('\n', 1)[0];
}

function indented(text: string, style: TextStyle): string[] {
  return text.split('\n').map((line) => `  ${safeText(line, style.unicode)}`);
}
