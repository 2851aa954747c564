import { safeText } from './safe-text.js';

/**
 * Rows as RFC 4180 has them, with a line of headings.
 *
 * @param forTerminal texts without anything that a terminal would obey; a file gets them as they are
 */
export function asCsv(
  columns: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
  forTerminal: boolean,
): string {
  const cell = (value: string | number | null | undefined) =>
    typeof value === 'string' ? quoted(forTerminal ? safeText(value, true) : value) : (value ?? '');
  return [columns.join(','), ...rows.map((row) => row.map(cell).join(','))].join('\r\n');
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
