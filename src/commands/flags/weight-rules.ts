import { usageError } from '../../core/errors/errors.js';
import { isWeight, LEAST_WEIGHT, MOST_WEIGHT } from '../../core/policy/limit-bounds.js';
import type { WeightRule } from '../../core/scheduling/weights.js';
import { glob } from '../../core/values/glob.js';

/** `A=3` or `team-*=2.5`; a name may hold an equals sign, so the last one counts. */
export function parseWeight(text: string): WeightRule {
  return parseWeightOf('user', '--weight', text);
}

/** @param flag that says so */
export function parseWeightOf(whose: 'user' | 'tenant', flag: string, text: string): WeightRule {
  const at = text.lastIndexOf('=');
  if (at < 1) {
    throw usageError('BAD_WEIGHT', `${flag}: "${text}" is not a ${whose} and a weight`, {
      hint: "Write NAME=NUMBER or GLOB=NUMBER, such as A=3 or 'team-*=2'.",
    });
  }
  const number = text.slice(at + 1).trim();
  return weightRule(text.slice(0, at), number === '' ? Number.NaN : Number(number), `${flag} ${text}`, whose);
}

/** @param where what to name in an error: the flag or the line that says so */
export function weightRule(pattern: string, weight: number, where: string, whose = 'user'): WeightRule {
  if (!isWeight(weight)) {
    throw usageError('BAD_WEIGHT', `${where}: a weight is a number above 0`, {
      hint: `Give one from ${LEAST_WEIGHT} to ${MOST_WEIGHT}; a ${whose} without one has 1. To leave users out, see --exclude.`,
    });
  }
  return { pattern: glob(pattern), weight };
}

/**
 * Rules of a file and of the command line together: for the same name or glob the command line counts.
 * Twice in one place is a mistake, and nobody can know which was meant.
 */
export function mergedRules(
  file: readonly WeightRule[],
  flags: readonly WeightRule[],
  flag = '--weight',
): WeightRule[] {
  const byPattern = new Map(file.map((rule) => [rule.pattern.pattern, rule]));
  const given = new Map<string, number>();
  for (const rule of flags) {
    const { pattern } = rule.pattern;
    const before = given.get(pattern);
    if (before !== undefined && before !== rule.weight) {
      throw usageError(
        'WEIGHT_TWICE',
        `${flag}: "${pattern}" has two weights, ${before} and ${rule.weight}`,
        { hint: 'Give it one.' },
      );
    }
    given.set(pattern, rule.weight);
    byPattern.set(pattern, rule);
  }
  return [...byPattern.values()];
}
