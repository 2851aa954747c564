import { UNITS_MS } from '../values/quantities.js';
import type { Rate } from './policy-document.js';

/** `100/s`, `20/m`, `5/h`; undefined for anything else, 0 among it. */
export function parsedRate(text: string): Pick<Rate, 'starts' | 'perMs'> | undefined {
  const match = /^(\d{1,7})\/(s|m|h)$/.exec(text.trim());
  if (!match) return undefined;
  const [, starts, per = 's'] = match;
  return Number(starts) > 0 ? { starts: Number(starts), perMs: UNITS_MS[per]! } : undefined;
}
