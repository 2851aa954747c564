import type { Rate } from './policy-document.js';

/** Each is a message and a consumer of its own. */
const MOST_TOKENS = 500;

/** How a rate is kept: so many tokens, each of which a start holds for so long. */
export interface TokenPlan {
  readonly tokens: number;
  readonly holdMs: number;
}

/**
 * In any window of `perMs` a token is used `starts / tokens` times at most, where that is a whole number. So the burst is
 * brought down to a divisor of `starts`: then no window has more than `starts`.
 */
export function tokenPlan({ starts, perMs, burst }: Rate): TokenPlan {
  let tokens = Math.min(burst, starts, MOST_TOKENS);
  while (starts % tokens !== 0) tokens--;
  return { tokens, holdMs: (perMs * tokens) / starts };
}
