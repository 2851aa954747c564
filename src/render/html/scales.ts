import { formatCount, formatDuration } from '../parts/numbers.js';

/** From values to places on a line, with the values that are worth a mark. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

/** From 0 up to the most; whole numbers, where there are several of them. */
export function countScale(most: number, from: number, to: number, marks = 4): Scale {
  const isSmall = most < marks;
  return linear(most || 1, from, to, marks, (value) => (isSmall ? value.toFixed(1) : formatCount(value)));
}

/** Seconds from the start. */
export function timeScale(seconds: number, from: number, to: number): Scale {
  return linear(seconds || 1, from, to, 6, (value) => (value === 0 ? '0' : formatDuration(value * 1_000)));
}

/** Round on a clock: seconds between two marks. */
const CLOCK_STEPS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3_600),
];
const DAY = 86_400;
const CLOCK_MARKS = 7;

/**
 * The time of day, UTC, at round times; the first mark of a day says which day it is.
 *
 * @param begin microseconds since the epoch
 */
export function clockScale(begin: number, seconds: number, from: number, to: number): Scale {
  const length = seconds || 1;
  const beginSeconds = begin / 1e6;
  const step =
    CLOCK_STEPS.find((one) => length / one <= CLOCK_MARKS) ?? Math.ceil(length / CLOCK_MARKS / DAY) * DAY;
  const at = (value: number) => from + ((to - from) * value) / length;
  const ticks: { at: number; label: string }[] = [];
  let dayBefore = '';
  for (let time = Math.ceil(beginSeconds / step) * step; time <= beginSeconds + length; time += step) {
    const [day, clock] = new Date(time * 1_000).toISOString().split('T') as [string, string];
    const timeOfDay = step < 60 ? clock.slice(0, 8) : clock.slice(0, 5);
    const dayAndTime = step % DAY === 0 ? day.slice(5) : `${day.slice(5)} ${timeOfDay}`;
    ticks.push({ at: at(time - beginSeconds), label: day === dayBefore ? timeOfDay : dayAndTime });
    dayBefore = day;
  }
  return { at, ticks };
}

function linear(
  most: number,
  from: number,
  to: number,
  marks: number,
  label: (value: number) => string,
): Scale {
  const step = roundStep(most / marks);
  const at = (value: number) => from + ((to - from) * value) / most;
  const count = Math.floor(most / step + 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, i) => ({ at: at(i * step), label: label(i * step) }));
  return { at, ticks };
}

/** The smallest of 1, 2, 5, 10, … that is at least so large; below 1 too. */
function roundStep(least: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * magnitude >= least * (1 - 1e-9)) ?? 10) * magnitude;
}

/** Milliseconds, each power of ten as wide as the next. */
export function logTimeScale(least: number, most: number, from: number, to: number): Scale {
  const first = Math.floor(Math.log10(Math.max(least, 0.01)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(most, 0.01)) - 1e-9));
  const at = (value: number) => {
    const power = Math.log10(Math.max(value, 10 ** first));
    return from + ((to - from) * (power - first)) / (last - first);
  };
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => {
    const value = 10 ** (first + i);
    return { at: at(value), label: value < 1 ? `${value} ms` : formatDuration(value) };
  });
  return { at, ticks };
}
