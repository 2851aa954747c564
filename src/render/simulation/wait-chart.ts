import type { Percentiles } from '../../core/reports/run-report.js';
import { formatDuration } from '../parts/numbers.js';
import { LANE_TONES, paint, type TextStyle } from '../parts/style.js';
import { fitText, padRight, textWidth } from '../parts/text.js';

/** One line of the chart: null where nobody waited for anything there. */
export interface ChartedWait {
  readonly label: string;
  readonly waitMs: Percentiles | null;
}

const LABEL_COLUMNS = 14;
const LEAST_COLUMNS = 20;
/** Shorter waits are drawn at the left end. */
const LEAST_MS = 1;
const TICKS_MS = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 360_000_000];

/**
 * How long tasks waited under each strategy: a line from the median to the longest, with a mark at the 95th percentile,
 * on a logarithmic scale of time.
 */
export function renderWaitChart(title: string, waits: readonly ChartedWait[], style: TextStyle): string {
  const most = Math.max(0, ...waits.map(({ waitMs }) => waitMs?.max ?? 0));
  if (most <= LEAST_MS) return '';
  const label = Math.min(LABEL_COLUMNS, Math.max(...waits.map((one) => textWidth(one.label))));
  const columns = Math.max(LEAST_COLUMNS, style.columns - label - 2 - 12);
  const end = Math.log(most / LEAST_MS);
  const at = (ms: number) => Math.round((Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / end) * (columns - 1));
  const [line, middle, high, last] = style.unicode ? ['─', '├', '┼', '┤'] : ['-', '[', '+', ']'];
  const lines = waits.map(({ label: name, waitMs }, i) => {
    const left = padRight(fitText(name, label, style.unicode), label);
    if (waitMs === null) return `${left}  -`;
    const [from, mark, to] = [at(waitMs.p50), at(waitMs.p95), at(waitMs.max)];
    const cells = Array.from({ length: to + 1 }, (_, column) => (column < from ? ' ' : line));
    cells[from] = middle!;
    cells[to] = last!;
    if (mark > from && mark < to) cells[mark] = high!;
    const tone = LANE_TONES[i % LANE_TONES.length]!;
    return `${left}  ${paint(tone, cells.join(''), style)} ${formatDuration(waitMs.max)}`;
  });
  const key = `${middle} half of the tasks waited no longer  ${high} 95 in 100  ${last} all`;
  return [
    paint('strong', title, style),
    ...lines,
    `${' '.repeat(label)}  ${paint('quiet', axis(at, most, columns), style)}`,
    paint('quiet', fitText(key, style.columns, style.unicode), style),
  ].join('\n');
}

/** As many round times as have room. */
function axis(at: (ms: number) => number, most: number, columns: number): string {
  let text = '';
  for (const ms of TICKS_MS) {
    if (ms > most) break;
    const tick = formatDuration(ms);
    const column = at(ms);
    if (column < text.length + (text === '' ? 0 : 2) || column + tick.length > columns + 8) continue;
    text = padRight(text, column) + tick;
  }
  return text;
}
