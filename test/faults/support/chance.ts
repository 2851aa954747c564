import { type Random, seededRandom } from '../../../src/core/values/random.js';

/** What `npm run test:faults` prints; the same number makes the faults strike at the same shares again. */
export const seed = Number(process.env.FAIRQ_FAULT_SEED ?? Math.floor(Math.random() * 1e9));

/** A fault's own chance: it does not depend on which others run. */
export function chanceOf(fault: string): Random {
  let mixed = seed;
  for (const letter of fault) mixed = (Math.imul(mixed, 31) + letter.charCodeAt(0)) >>> 0;
  return seededRandom(mixed);
}

export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}
