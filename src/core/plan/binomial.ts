/** Beyond so many standard deviations from the mean less than 1e-12 is left. */
const REACH = 8;

/** How likely each number of hits is: `p[i]` is that of `from + i`. What is left out is below 1e-12 in all. */
export interface Distribution {
  readonly from: number;
  readonly p: readonly number[];
}

/** Hits in `n` tries that each hit with a chance of `q`. */
export function binomial(n: number, q: number): Distribution {
  if (n === 0 || q === 0) return { from: 0, p: [1] };
  if (q === 1) return { from: n, p: [1] };
  const mode = Math.min(n, Math.floor((n + 1) * q));
  const reach = Math.ceil(REACH * Math.sqrt(n * q * (1 - q)) + 4 * REACH);
  const from = Math.max(0, mode - reach);
  const to = Math.min(n, mode + reach);
  // From the likeliest number outwards, so that nothing is too small to begin with.
  const p = new Array<number>(to - from + 1).fill(0);
  p[mode - from] = 1;
  const odds = q / (1 - q);
  for (let k = mode + 1; k <= to; k++) p[k - from] = (p[k - 1 - from]! * odds * (n - k + 1)) / k;
  for (let k = mode - 1; k >= from; k--) p[k - from] = (p[k + 1 - from]! * (k + 1)) / (odds * (n - k));
  const sum = p.reduce((a, b) => a + b, 0);
  return { from, p: p.map((one) => one / sum) };
}

export function meanOf({ from, p }: Distribution, worth: (hits: number) => number): number {
  return p.reduce((mean, chance, i) => mean + chance * worth(from + i), 0);
}

/** The least number that is exceeded with a chance of `chance` at most. */
export function exceededBy({ from, p }: Distribution, chance: number): number {
  let left = 1;
  for (let i = 0; i < p.length; i++) {
    left -= p[i]!;
    if (left <= chance) return from + i;
  }
  return from + p.length - 1;
}
