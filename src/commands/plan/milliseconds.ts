import { usageError } from '../../core/errors/errors.js';

const MOST = 86_400_000;

/** `100`, `0.5` → milliseconds, above 0 and up to a day. */
export function parseMilliseconds(text: string, what: string): number {
  const value = /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= MOST)) {
    throw usageError('BAD_DURATION', `${what}: "${text}" is not a number of milliseconds`, {
      hint: `Give ${what} a number above 0 and without a unit, such as 20 or 0.5.`,
    });
  }
  return value;
}
