/** Rounds to three decimals, the finest that a report shows; never -0. */
export function round3(value: number): number {
  return Math.round(value * 1000) / 1000 + 0;
}
