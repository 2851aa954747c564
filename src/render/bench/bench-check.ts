import type { BenchCheck } from '../../core/reports/bench-report.js';
import { formatCount } from '../parts/numbers.js';
import type { VerdictLine } from '../parts/verdict-lines.js';
import { formatFigure } from './bench-figures.js';

/** What it came to, and what it had to. */
export function checkLine(check: BenchCheck): VerdictLine {
  const [value, limit] = valueAndLimit(check);
  return { passed: check.passed, text: `${check.name}: ${value} (limit ${limit}${overRounds(check)})` };
}

/** `; the worst of 5 rounds`, `; the median of 5 rounds, the worst is 1,749` */
function overRounds({ over, rounds, worst, unit }: BenchCheck): string {
  if (rounds === 1) return '';
  const also = worst === undefined || unit === undefined ? '' : `, the worst is ${formatFigure(worst, unit)}`;
  return `; the ${over} of ${formatCount(rounds)} rounds${also}`;
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
