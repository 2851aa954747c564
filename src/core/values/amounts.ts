import { usageError } from '../errors/errors.js';

const MULTIPLES: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 };

/** Seconds. */
const SPANS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  min: 60,
  h: 3_600,
  d: 86_400,
  day: 86_400,
};

/** What a load may have: more is a slip of the keyboard. */
const MOST = 1e12;

/** `250`, `10k`, `1.5M`, `2G` → a whole number from `least` up to `most`. */
export function parseAmount(text: string, what: string, least = 1, most = 1e9): number {
  const value = amountIn(text.trim());
  if (value === undefined || !Number.isInteger(value)) {
    throw usageError('BAD_AMOUNT', `${what}: "${text}" is not a whole number`, {
      hint: 'Write digits, with k for thousands, M for millions or G behind them where you like: 10k, 1.5M.',
    });
  }
  if (value < least || value > most) {
    throw usageError('BAD_AMOUNT', `${what}: "${text}" is not from ${least} to ${most}`, {
      hint: `Give ${what} a number between them, such as ${Math.max(least, 10)}.`,
    });
  }
  return value;
}

/** `200/s`, `3/min`, `5M/day` → per second; a bare number needs its time. */
export function parseAmountRate(text: string, what: string): number {
  const [amount = '', span = '', ...more] = text.trim().split('/');
  const seconds = Object.hasOwn(SPANS, span) ? SPANS[span] : undefined;
  const value = amountIn(amount);
  if (more.length > 0 || seconds === undefined || value === undefined || value <= 0 || value > MOST) {
    throw usageError('BAD_RATE', `${what}: "${text}" is not a number of tasks in a time`, {
      hint: 'Write a number above 0, a stroke and s, min, h or day: 200/s, 3/min, 5M/day.',
    });
  }
  return value / seconds;
}

function amountIn(text: string): number | undefined {
  const [, digits, multiple = ''] = /^(\d+(?:\.\d+)?)([kKMG]?)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  // 1.1k is 1100.0000000000002 otherwise.
  return Number((Number(digits) * MULTIPLES[multiple]!).toPrecision(15));
}

const MEMORY: Readonly<Record<string, number>> = { m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** `512MiB`, `4G`, `1.5GiB` → bytes. */
export function parseMemory(text: string, what: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([mgt])(?:i?b)?$/i.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(digits) * (MEMORY[unit.toLowerCase()] ?? 0));
  if (!(bytes > 0 && bytes <= MOST * 1024)) {
    throw usageError('BAD_SIZE', `${what}: "${text}" is not a size of memory`, {
      hint: 'Write a number above 0 and M, G or T, such as 512M or 4GiB.',
    });
  }
  return bytes;
}
