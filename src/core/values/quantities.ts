import { usageError } from '../errors/errors.js';

/** Milliseconds. */
export const UNITS_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** `5ms`, `1.5s`, `30m`, `2h`, `250us` → milliseconds; a bare number needs its unit. */
export function parseDuration(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text.trim());
  const unit = match && UNITS_MS[match[2]!];
  const ms = match && unit ? Number(match[1]) * unit : Number.NaN;
  if (!Number.isFinite(ms)) {
    throw usageError('BAD_DURATION', `${what}: "${text}" is not a duration`, {
      hint: 'Write a number and a unit, such as 5ms, 1.5s, 30m or 2h.',
    });
  }
  return ms;
}

/** @param longest as one writes it, such as `1h` */
export function parseDurationUpTo(text: string, what: string, longest: string): number {
  const ms = parseDuration(text, what);
  if (ms <= parseDuration(longest, what)) return ms;
  throw usageError('BAD_DURATION', `${what}: ${text.trim()} is longer than ${longest}`, {
    hint: `Give ${what} a time from 0ms to ${longest}.`,
  });
}

/** Longer than that and Node's timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A duration that a timer can wait for: from `leastMs` up to 24 days. */
export function parseTimer(text: string, what: string, leastMs = 1): number {
  const ms = parseDuration(text, what);
  if (ms >= leastMs && ms <= MAX_TIMER_MS) return ms;
  throw usageError('BAD_DURATION', `${what}: "${text}" is not between ${leastMs}ms and 24 days`, {
    hint: 'Give a time such as 30s or 5m.',
  });
}

/** A span of time to draw from, milliseconds; both ends the same where the time is fixed. */
export interface DurationRange {
  readonly least: number;
  readonly most: number;
}

/**
 * `5ms`, or `18ms..22ms` for anything between, each as likely.
 *
 * @param parse takes each of the times
 */
export function parseDurationRange(text: string, what: string, parse = parseDuration): DurationRange {
  const parts = text.split('..').map((part) => part.trim());
  const [first = '', last = first] = parts;
  if (parts.length > 2 || first === '' || last === '') {
    throw usageError('BAD_DURATION', `${what}: "${text}" is neither a time nor a span of time`, {
      hint: 'Write a time such as 5ms, or the shorter one, two dots and the longer one, such as 18ms..22ms.',
    });
  }
  const least = parse(first, what);
  const most = parse(last, what);
  if (most >= least) return { least, most };
  throw usageError('BAD_DURATION', `${what}: ${first} is longer than ${last}`, {
    hint: `Write the shorter time first: ${last}..${first}.`,
  });
}

/** A whole number from `least` up to `most`. */
export function parseCount(text: string, what: string, least = 1, most = 1_000_000_000): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw usageError('BAD_COUNT', `${what}: "${text}" is not a whole number from ${least} to ${most}`, {
      hint: Number.isInteger(value)
        ? `Give ${what} a number from ${least} to ${most}.`
        : `Give ${what} as digits only, such as ${Math.min(most, Math.max(least, 10))}.`,
    });
  }
  return value;
}

/** `5000/s`, `100/m` or a bare number (a second) → per second. */
export function parseRate(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/(s|m|h))?$/.exec(text.trim());
  const rate = match ? (Number(match[1]) * 1000) / UNITS_MS[match[2] ?? 's']! : 0;
  if (!(rate > 0)) {
    throw usageError('BAD_RATE', `${what}: "${text}" is not a rate`, {
      hint: 'Write a number of tasks and a unit of time, such as 500/s or 20/m.',
    });
  }
  return rate;
}

/** A number above 0 by which something is multiplied, from 0.001 to 1000. */
export function parseFactor(text: string, what: string): number {
  const value = /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= 0.001 && value <= 1000)) {
    throw usageError('BAD_FACTOR', `${what}: "${text}" is not a number from 0.001 to 1000`, {
      hint: `Give ${what} a number such as 0.5 or 2.`,
    });
  }
  return value;
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mib: 1024 ** 2,
};

/** `128`, `4k`, `1MiB` → bytes; at most 16 MiB, the broker's default limit from 4.0. */
export function parseBytes(text: string, what: string): number {
  const match = /^(\d+)\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = match ? BYTE_UNITS[match[2]!.toLowerCase()] : undefined;
  const bytes = match && unit !== undefined ? Number(match[1]) * unit : Number.NaN;
  if (!(bytes >= 0 && bytes <= 16 * 1024 ** 2)) {
    throw usageError('BAD_SIZE', `${what}: "${text}" is not a size from 0 to 16MiB`, {
      hint: 'Write bytes, or a number with k or m, such as 128 or 4k.',
    });
  }
  return bytes;
}
