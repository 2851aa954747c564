import { formatCount, formatTasks } from '../parts/numbers.js';

/** How positions, 1 to `positions`, are drawn: in buckets of (nearly) the same size, each so wide. */
export interface Scale {
  readonly positions: number;
  readonly buckets: number;
  readonly bucketColumns: number;
}

/** The more tasks than columns, the more tasks a bucket; the fewer, the wider, up to four columns a task. */
export function fitScale(positions: number, room: number): Scale {
  const bucketColumns = Math.max(1, Math.min(4, Math.floor(room / positions)));
  return { positions, buckets: Math.min(positions, room), bucketColumns };
}

/** The bucket, from 0, that this position, from 1, falls into. */
export function bucketOf(position: number, { positions, buckets }: Scale): number {
  return Math.floor(((position - 1) * buckets) / positions);
}

/** What the heading says of the scale. */
export function describeScale({ positions, buckets, bucketColumns }: Scale): string {
  if (bucketColumns > 1) return `a task: ${bucketColumns} columns`;
  const tasks = formatTasks(positions / buckets);
  return `a column: ${positions % buckets === 0 ? '' : 'about '}${tasks}`;
}

/** A line of ticks and a line of positions under them. */
export function renderAxis(scale: Scale, unicode: boolean): [ticks: string, labels: string] {
  const { positions, buckets, bucketColumns } = scale;
  const columns = buckets * bucketColumns;
  const [line, tick] = unicode ? ['─', '┬'] : ['-', '+'];
  const ticks = Array.from({ length: columns }, () => line);
  const labels = Array.from({ length: columns }, () => ' ');
  // The label begins under its tick; the last one sticks out to the right, where end marks stand too.
  const put = (position: number, column: number): void => {
    ticks[column] = tick;
    for (const [i, digit] of [...formatCount(position)].entries()) labels[column + i] = digit;
  };

  const last = (buckets - 1) * bucketColumns;
  put(positions, last);
  if (last >= 3) put(1, 0);
  const step = stepFor((formatCount(positions).length + 3) * (positions / columns));
  for (let position = step; position < positions; position += step) {
    const column = bucketOf(position, scale) * bucketColumns;
    if (column >= 3 && column + formatCount(position).length + 2 <= last) put(position, column);
  }
  return [ticks.join(''), labels.join('')];
}

/** The smallest of 1, 2, 5, 10, 20, 50, … that is at least so large. */
function stepFor(least: number): number {
  const magnitude = magnitudeOf(Math.max(1, least));
  return ([1, 2, 5].find((factor) => factor * magnitude >= least) ?? 10) * magnitude;
}

/** The next round number at or above a count. */
export function roundUp(count: number): number {
  const magnitude = magnitudeOf(count);
  const factor = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((candidate) => candidate * magnitude >= count) ?? 10;
  return Math.ceil(factor * magnitude);
}

function magnitudeOf(value: number): number {
  return 10 ** Math.floor(Math.log10(value));
}
