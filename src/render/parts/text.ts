import stringWidth from 'string-width';
import type { TextStyle } from './style.js';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const PLAIN = /^[\u0020-\u007e]*$/;

/** Columns that a text without colours takes on a terminal, by the measure that cli-table3 pads with. */
export function textWidth(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/**
 * Shortens a text to so many columns by leaving out its middle: names of tenants often differ at the
 * end only.
 */
export function fitText(text: string, columns: number, unicode: boolean): string {
  if (textWidth(text) <= columns) return text;
  const ellipsis = unicode ? '…' : columns < 6 ? '~' : '...';
  const room = columns - textWidth(ellipsis);
  if (room <= 0) return ellipsis.slice(0, Math.max(0, columns));
  const parts = Array.from(graphemes.segment(text), ({ segment }) => segment);
  const head = take(parts, Math.ceil(room / 2));
  const tail = take(parts.toReversed(), room - textWidth(head.join(''))).toReversed();
  return head.join('') + ellipsis + tail.join('');
}

/** As many graphemes from the front as fit. */
function take(parts: readonly string[], columns: number): readonly string[] {
  let width = 0;
  const end = parts.findIndex((part) => {
    width += textWidth(part);
    return width > columns;
  });
  return end < 0 ? parts : parts.slice(0, end);
}

export function padRight(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/**
 * Breaks a text without colours into lines at its spaces. A word that is longer than a line has one for itself, whole:
 * it may be a name that somebody types again.
 */
export function wrapText(text: string, { columns }: TextStyle): string[] {
  return wrapped(text.split(' '), ' ', columns, (word) => word);
}

/** Puts as many parts, which stay whole, on a line as fit. One that is longer than a line is shortened. */
export function wrapParts(parts: readonly string[], gap: string, { columns, unicode }: TextStyle): string[] {
  return wrapped(parts, gap, columns, (part) => fitText(part, columns, unicode));
}

function wrapped(
  parts: readonly string[],
  gap: string,
  columns: number,
  alone: (part: string) => string,
): string[] {
  const lines: string[] = [];
  let line: string | null = null;
  for (const part of parts) {
    const longer: string = line === null ? part : line + gap + part;
    if (textWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== null) lines.push(line);
    line = alone(part);
  }
  if (line !== null) lines.push(line);
  return lines;
}

/** A clause as the begin of a sentence. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
