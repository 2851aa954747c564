import type { BenchCheck, OverRounds } from '../core/bench-report.js';
import { formatFigure } from './bench-figures.js';
import { formatCount } from './numbers.js';
import type { VerdictLine } from './verdict-lines.js';

/** What it came to, and what it had to. */
export function checkLine(check: BenchCheck): VerdictLine {
  const [value, limit] = valueAndLimit(check);
  return { passed: check.passed, text: `${check.name}: ${value} (limit ${limit}${overRounds(check)})` };
}

/** `; the worst of 5 rounds` */
export function overRounds({ over, rounds }: OverRounds): string {
  return rounds === 1 ? '' : `; the ${over} of ${formatCount(rounds)} rounds`;
}

/** With their unit, unless rounding would hide what the difference is. */
function valueAndLimit({ value, limit, unit }: BenchCheck): [string, string] {
  const exactly = (part: number | string): string => (typeof part === 'number' ? formatNumber(part) : part);
  const exact: [string, string] = [exactly(value), exactly(limit)];
  if (unit === undefined || typeof value === 'string' || typeof limit === 'string') return exact;
  const [shown, promised] = [formatFigure(value, unit), formatFigure(limit, unit)];
  return shown === promised && value !== limit ? exact : [shown, promised];
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : String(Math.round(value * 1000) / 1000);
}
