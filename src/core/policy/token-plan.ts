import type { Rate } from './policy-document.js';

/** Each is a message and a consumer of its own. */
const MOST_TOKENS = 500;

/** How a rate is kept: so many tokens, each of which a start holds for so long. */
export interface TokenPlan {
  readonly tokens: number;
  readonly holdMs: number;
}

/** Of a rate that no number of tokens divides, at most so much is left unused. */
const LEFT_UNUSED = 0.02;

/**
 * In any window of `perMs` a token is used a whole number of times at most. So with the burst that was asked for a window
 * might have more starts than it may, or fewer: the burst is brought down until nearly all of them fit.
 */
export function tokenPlan({ starts, perMs, burst }: Rate): TokenPlan {
  let tokens = Math.min(burst, starts, MOST_TOKENS);
  while (usesOf(tokens, starts) * tokens < (1 - LEFT_UNUSED) * starts) tokens--;
  return { tokens, holdMs: perMs / usesOf(tokens, starts) };
}

/** How often each token may be used in a window. */
function usesOf(tokens: number, starts: number): number {
  return Math.floor(starts / tokens);
}
