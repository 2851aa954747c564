import type { ComparedMeasure, ComparedUser, Comparison, Verdict } from '../../core/measures/comparison.js';
import { formatCount, formatDuration } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';
import { formatMeasure } from '../parts/threshold-text.js';

/** Users are shown that changed most, so many each way. */
const MOST_USERS = 5;

/** @param label what the run is compared with */
export function renderRunComparison(comparison: Comparison, label: string, style: TextStyle): string {
  const { measures, users, onlyBefore, onlyNow } = comparison;
  const blocks = [
    renderTable<ComparedMeasure>(
      [
        {
          heading: `against ${safeText(label, style.unicode)}`,
          text: ({ name }) => name,
          align: 'left',
          shrinkTo: 20,
        },
        { heading: 'before', text: ({ before, unit }) => amountOf(before, unit) },
        { heading: 'now', text: ({ now, unit }) => amountOf(now, unit) },
        { heading: 'change', text: changeOf },
        { heading: '', text: ({ verdict }) => wordFor(verdict, style), align: 'left' },
      ],
      measures,
      style,
    ),
  ];
  const changed = users.filter(({ verdict }) => verdict !== 'same');
  const worse = changed.filter(({ verdict }) => verdict === 'worse').slice(0, MOST_USERS);
  const better = changed
    .filter(({ verdict }) => verdict === 'better')
    .slice(-MOST_USERS)
    .reverse();
  if (worse.length + better.length > 0) {
    blocks.push(
      renderTable<ComparedUser>(
        [
          {
            heading: 'dwell p95 of',
            text: ({ user }) => safeText(user, style.unicode),
            align: 'left',
            shrinkTo: 8,
            whole: true,
          },
          { heading: 'before', text: ({ before }) => formatDuration(before) },
          { heading: 'now', text: ({ now }) => formatDuration(now) },
          { heading: 'change', text: changeOf },
          { heading: '', text: ({ verdict }) => wordFor(verdict, style), align: 'left' },
        ],
        [...worse, ...better],
        style,
      ),
    );
  }
  const count = (kind: Verdict) => formatCount(users.filter(({ verdict }) => verdict === kind).length);
  const others = [
    ...(onlyBefore > 0 ? [`${formatCount(onlyBefore)} only before`] : []),
    ...(onlyNow > 0 ? [`${formatCount(onlyNow)} only now`] : []),
  ];
  const summary = `Users by their dwell (p95): ${count('worse')} worse, ${count('better')} better, ${count('same')} within 5 %`;
  blocks.push(paint('strong', `${[summary, ...others].join(', ')}.`, style));
  return blocks.join('\n\n');
}

function amountOf(value: number | null, unit: ComparedMeasure['unit']): string {
  return value === null ? 'unknown' : formatMeasure(value, unit);
}

/** `x 2.5`, `+12 %`; empty where there is nothing to divide by. */
export function changeOf({
  before,
  now,
}: {
  readonly before: number | null;
  readonly now: number | null;
}): string {
  if (before === null || now === null || before === now) return '';
  if (before <= 0) return '';
  const ratio = now / before;
  if (ratio >= 2) return `x ${ratio >= 100 ? formatCount(ratio) : ratio.toFixed(1)}`;
  return `${ratio >= 1 ? '+' : '-'}${(Math.abs(ratio - 1) * 100).toFixed(ratio > 0.98 && ratio < 1.02 ? 1 : 0)} %`;
}

function wordFor(verdict: Verdict | null, { unicode }: TextStyle): string {
  if (verdict === null || verdict === 'same') return '';
  const mark = unicode ? (verdict === 'better' ? '✓ ' : '✗ ') : '';
  return `${mark}${verdict}`;
}
