import { formatCount, formatDuration, formatShare } from '../../render/parts/numbers.js';

/** Said in place of a figure that is not known. */
const UNKNOWN = 'unknown';

export function countText(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : formatCount(value);
}

/** `1 worker`, `3 workers` */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function secondsText(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : formatDuration(value * 1_000);
}

export function shareText(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : formatShare(value);
}
