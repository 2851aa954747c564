import { formatCount } from '../parts/numbers.js';

/** What is shown beside the most that ran at once, of users or of tenants. */
export interface AtOnceShown {
  capOf(name: string): number | undefined;
}

export function atOnceText(
  { mostRunning }: { readonly mostRunning: number },
  cap: number | undefined,
): string {
  return cap === undefined
    ? formatCount(mostRunning)
    : `${formatCount(mostRunning)} (cap ${formatCount(cap)})`;
}
