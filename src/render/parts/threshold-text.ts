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
  const { label, value, passed } = result;
  const what = result.tenants === undefined ? 'user' : 'tenant';
  const whom = result.tenant ?? result.user;
  const count = result.tenants ?? result.users;
  const failed = result.tenantsFailed ?? result.usersFailed ?? 0;
  const check = `${label === undefined || result.check.startsWith(`${label}:`) ? '' : `${label}: `}${result.check}`;
  if (count === 0) return `${check}: no such ${what} completed a task or was sent one`;
  if (value === null) {
    const why = result.unknownBecause === undefined ? '' : `: ${result.unknownBecause}`;
    return `${check}: it is not known${whom === null ? '' : ` of ${JSON.stringify(whom)}`}${why}`;
  }
  const whose = whom === null ? '' : ` for ${JSON.stringify(whom)}`;
  const others =
    count === null || count === 1 || passed
      ? ''
      : `; ${formatCount(failed)} of ${formatCount(count)} ${what}s ${failed === 1 ? 'does' : 'do'} not keep it`;
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
