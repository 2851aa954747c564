import type { ThresholdResult } from '../../core/thresholds/threshold.js';
import type { MeasureUnit } from '../../core/thresholds/threshold-measures.js';
import { formatCount, formatDuration, formatRate } from './numbers.js';
import type { TextStyle } from './style.js';
import { renderVerdicts, type VerdictLine } from './verdict-lines.js';

const thousandths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

export function renderThresholds(results: readonly ThresholdResult[], style: TextStyle): string {
  return renderVerdicts(results.map(thresholdLine), style);
}

export function thresholdLine(result: ThresholdResult): VerdictLine {
  return { passed: result.passed, text: describeThreshold(result) };
}

/** `user(*).dwell.p95<2s: 3.1 s for "B", 1.1 s too much; 2 of 40 users do not keep it` */
export function describeThreshold(result: ThresholdResult): string {
  const { label, user, value, users, usersFailed, passed } = result;
  const check = `${label === undefined || result.check.startsWith(`${label}:`) ? '' : `${label}: `}${result.check}`;
  if (users === 0) return `${check}: no such user completed a task or was sent one`;
  if (value === null) {
    const why = result.unknownBecause === undefined ? '' : `: ${result.unknownBecause}`;
    return `${check}: it is not known${user === null ? '' : ` of ${JSON.stringify(user)}`}${why}`;
  }
  const whose = user === null ? '' : ` for ${JSON.stringify(user)}`;
  const others =
    users === null || users === 1 || passed
      ? ''
      : `; ${formatCount(usersFailed ?? 0)} of ${formatCount(users)} users ${usersFailed === 1 ? 'does' : 'do'} not keep it`;
  return `${check}: ${formatMeasure(value, result.unit)}${whose}${passed ? '' : byHowMuch(result, value)}${others}`;
}

function byHowMuch({ operator, limit, unit }: ThresholdResult, value: number): string {
  const by = Math.abs(value - limit);
  if (operator === '!=' || by === 0) return '';
  const much = value > limit ? 'too much' : 'too little';
  return `, ${formatMeasure(by, unit)} ${unit === 'tasks' || unit === 'position' ? much.replace('much', 'many').replace('little', 'few') : much}`;
}

export function formatMeasure(value: number, unit: MeasureUnit): string {
  switch (unit) {
    case 'ms':
      return formatDuration(value);
    case 'rate':
      return formatRate(value);
    case 'share':
      return thousandths.format(value);
    case 'tasks':
      return thousandths.format(value);
    case 'position':
      return formatCount(value);
  }
}
