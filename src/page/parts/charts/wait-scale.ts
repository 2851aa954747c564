import type { Scale } from '../../../render/html/scales.js';
import { formatDuration } from '../../../render/parts/numbers.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Seconds between two marks. */
const STEPS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
  ...[1, 2, 5, 10, 15, 30, ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE)],
  ...[1, 2, 3, 6, 12, 24, 48, 96].map((hours) => hours * HOUR),
];
const MARKS = 5;

/** From 0 to the longest wait, in seconds, with marks that are round on a clock. */
export function waitScale(most: number, from: number, to: number): Scale {
  const reach = most || 1;
  const step = STEPS.find((one) => reach / one <= MARKS) ?? Math.ceil(reach / MARKS / HOUR) * HOUR;
  const at = (seconds: number) => from + ((to - from) * seconds) / reach;
  const ticks = Array.from({ length: Math.floor(reach / step) + 1 }, (_, i) => ({
    at: at(i * step),
    label: i === 0 ? '0' : formatDuration(i * step * 1_000).replace('.0 ', ' '),
  }));
  return { at, ticks };
}
