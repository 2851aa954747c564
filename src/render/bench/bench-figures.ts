import type { BenchFigure, BenchUnit } from '../../core/reports/bench-report.js';
import { formatBytes, formatCount, formatDuration, formatRate } from '../parts/numbers.js';

const tenths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const thousandths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

export function formatFigure(value: number | null | undefined, unit: BenchUnit): string {
  if (value === null || value === undefined) return '-';
  if (!Number.isFinite(value)) return 'never';
  switch (unit) {
    case 'ms':
      return formatDuration(value);
    case 'percent':
      return `${tenths.format(value)} %`;
    case 'share':
      return thousandths.format(value);
    case 'tasks':
      return tenths.format(value);
    case 'position':
      return formatCount(value);
    case 'per second':
      return formatRate(value);
    case 'bytes':
      return formatBytes(value);
  }
}

/** `at most 35 ms`, `49 % to 51 %`; empty where nothing is promised. */
export function formatPromise({ atMost, atLeast, unit }: BenchFigure): string {
  if (atMost !== undefined && atLeast !== undefined) {
    return `${formatFigure(atLeast, unit)} to ${formatFigure(atMost, unit)}`;
  }
  if (atMost !== undefined) return `at most ${formatFigure(atMost, unit)}`;
  return atLeast === undefined ? '' : `at least ${formatFigure(atLeast, unit)}`;
}
