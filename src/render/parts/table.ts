import Table from 'cli-table3';
import { formatCount } from './numbers.js';
import { paint, type TextStyle } from './style.js';
import { fitText, textWidth } from './text.js';

/** cli-table3 takes longer than linear: 0.2 s for 1,000 rows, 2.5 s for 5,000. */
const MAX_ROWS = 200;
const GAP = 2;

export interface Column<Row> {
  /** A newline makes a heading of two lines. */
  readonly heading: string;
  /** Safe text, without colours. */
  readonly text: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** May be shortened to so many columns where the table is too wide. */
  readonly shrinkTo?: number;
  /** What people type again is never shortened: a text with no room in its column has a line of its own, above its row. */
  readonly whole?: boolean;
  /** Left out where the table is still too wide; those with the higher number first. */
  readonly dropOrder?: number;
}

/** Rows as a table without lines, never wider than the terminal where columns may shrink or go. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  style: TextStyle,
): string {
  const shown = rows.slice(0, MAX_ROWS);
  const { kept, dropped, widths } = layOut(columns, shown, style.columns);
  const table = new Table({
    head: kept.map((column, i) => heading(column.heading, widths[i]!, style)),
    colAligns: kept.map((column) => column.align ?? 'right'),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP, compact: true },
  });
  for (const row of shown) {
    table.push(kept.map((column, i) => cell(column, row, widths[i]!, style)));
  }
  const drawn = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const headLines = drawn.length - shown.length;
  const lines = drawn.flatMap((line, i) => {
    const row = shown[i - headLines];
    return row === undefined ? [line] : [...tooLong(kept, row, widths), line];
  });
  const ellipsis = style.unicode ? '…' : '...';
  if (rows.length > MAX_ROWS) {
    const more = `${ellipsis} and ${formatCount(rows.length - MAX_ROWS)} more (use --json for all)`;
    lines.push(paint('quiet', more, style));
  }
  // A column without a heading only draws what others say.
  const names = dropped.flatMap(({ heading }) => heading.replace('\n', ' ') || []).join(', ');
  if (names !== '') {
    lines.push(paint('quiet', fitText(`(too narrow for: ${names})`, style.columns, style.unicode), style));
  }
  return lines.join('\n');
}

function cell<Row>(column: Column<Row>, row: Row, width: number, { unicode }: TextStyle): string {
  const text = column.text(row);
  return column.whole === true && textWidth(text) > width ? '' : fitText(text, width, unicode);
}

/** The line above a row with what has no room in it; none where all has room. */
function tooLong<Row>(columns: readonly Column<Row>[], row: Row, widths: readonly number[]): string[] {
  const texts = columns.flatMap((column, i) => {
    const text = column.text(row);
    return column.whole === true && textWidth(text) > widths[i]! ? [text] : [];
  });
  return texts.length === 0 ? [] : [texts.join(' '.repeat(GAP))];
}

function heading(text: string, width: number, style: TextStyle): string {
  const lines = text.split('\n').map((line) => paint('strong', fitText(line, width, style.unicode), style));
  return lines.join('\n');
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

interface Layout<Row> {
  readonly kept: readonly Column<Row>[];
  readonly dropped: readonly Column<Row>[];
  readonly widths: readonly number[];
}

function layOut<Row>(columns: readonly Column<Row>[], rows: readonly Row[], room: number): Layout<Row> {
  const natural = new Map(columns.map((column) => [column, naturalWidth(column, rows)]));
  const least = (column: Column<Row>): number =>
    Math.min(natural.get(column)!, column.shrinkTo ?? Number.POSITIVE_INFINITY);
  const total = (kept: readonly Column<Row>[]): number =>
    kept.reduce((sum, column) => sum + least(column), GAP * (kept.length - 1));

  let kept = columns;
  const droppable = columns.filter((column) => column.dropOrder !== undefined);
  droppable.sort((a, b) => b.dropOrder! - a.dropOrder!);
  for (const column of droppable) {
    if (total(kept) <= room) break;
    kept = kept.filter((other) => other !== column);
  }
  let spare = Math.max(0, room - total(kept));
  const widths = kept.map((column) => {
    const extra = Math.min(spare, natural.get(column)! - least(column));
    spare -= extra;
    return least(column) + extra;
  });
  return { kept, dropped: columns.filter((column) => !kept.includes(column)), widths };
}

function naturalWidth<Row>(column: Column<Row>, rows: readonly Row[]): number {
  const heading = Math.max(...column.heading.split('\n').map(textWidth));
  return rows.reduce((width, row) => Math.max(width, textWidth(column.text(row))), heading);
}
