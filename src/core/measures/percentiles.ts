import type { Percentiles } from '../reports/run-report.js';

/**
 * Exact percentiles by nearest rank: the smallest value that at least p in a hundred of the values do
 * not exceed, so always one that was measured. Null for no values. Leaves its argument as it is.
 *
 * @param values none of them is NaN
 */
export function percentiles(values: Float64Array): Percentiles | null {
  const { length } = values;
  if (length === 0) return null;
  const ordered = values.slice();
  const ranks = [50, 95, 99].map((p) => Math.ceil((p * length) / 100) - 1);
  // What is before one rank is not looked at for the next.
  let from = 0;
  for (const rank of ranks) {
    select(ordered, rank, from);
    from = rank;
  }
  let max = ordered[from]!;
  for (let i = from; i < length; i++) if (ordered[i]! > max) max = ordered[i]!;
  const [p50, p95, p99] = ranks.map((rank) => ordered[rank]!);
  return { p50: p50!, p95: p95!, p99: p99!, max };
}

/**
 * Quickselect (Hoare 1961): the value of this rank comes to its place, with none above it before and none below it
 * behind. Linear time, where sorting millions takes five times as long.
 */
function select(values: Float64Array, rank: number, from: number): void {
  let low = from;
  let high = values.length - 1;
  while (low < high) {
    const pivot = middleOf(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const value = values[i]!;
      values[i++] = values[j]!;
      values[j--] = value;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return;
  }
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
