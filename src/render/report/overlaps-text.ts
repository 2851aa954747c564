import type { OverlapReport, RunReport } from '../../core/reports/run-report.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';

/** Those that come first; what is beyond is in --json. */
const MOST_SHOWN = 5;

/** Attempts that ran beside others under the same permits, each in a line of its own; nothing where there was none. */
export function describeOverlaps({ overlaps, overlapCount }: RunReport, unicode: boolean): string[] {
  if (overlapCount === 0) return [];
  const whose = overlapCount === 1 ? 'its permit was lost' : 'their permits were lost';
  const count = `${formatCount(overlapCount)} ${overlapCount === 1 ? 'attempt' : 'attempts'}`;
  const shown = overlaps.slice(0, MOST_SHOWN);
  const more = overlapCount - shown.length;
  return [
    `OVERLAPS: ${count} ran on when ${whose}, and others might have ${overlapCount === 1 ? 'it' : 'them'}.`,
    ...shown.map((one) => `- ${describeOverlap(one, unicode)}`),
    ...(more > 0 ? [`${formatCount(more)} more ${more === 1 ? 'is' : 'are'} in --json.`] : []),
  ];
}

function describeOverlap({ user, task, worker, from, to }: OverlapReport, unicode: boolean): string {
  const [whose, id, where] = [user, task, worker].map((name) => safeText(name, unicode));
  const until =
    to === null
      ? '; its end is not known'
      : ` to ${timeOf(to).slice(11)} UTC, ${formatDuration((to - from) / 1000)}`;
  return `${whose}, task ${id} at ${where}: from ${timeOf(from)}${to === null ? ' UTC' : ''}${until}`;
}

/** `2026-11-27 14:05:09.123` */
function timeOf(micros: number): string {
  return new Date(micros / 1000).toISOString().slice(0, 23).replace('T', ' ');
}
