import { usageError } from '../errors/errors.js';
import { limitsText } from './limit-text.js';
import { Policy } from './policy.js';
import { type RuleName, ruleOf, rulesInForce, whose, withLimits, withoutLimits } from './policy-changes.js';
import {
  LIMIT_NAMES,
  type LimitName,
  type Limits,
  type PolicyDocument,
  type PolicyRule,
  type RuleOf,
} from './policy-document.js';

/** The rules after a change, and the change in words. */
export interface Edited {
  readonly rules: readonly PolicyRule[];
  readonly what: string;
  /** Whom it is for, though nothing may be different. */
  readonly of: RuleOf;
}

function inWord(limit: LimitName): string {
  return limit === 'paused' ? 'pause' : limit;
}

/** `A: weight 2, cap 5` */
export function setText(rule: RuleName, limits: Limits): string {
  return `${whose(rule)}: ${limitsText(limits)}`;
}

/** Sets these limits of a rule; what the rule has beside them stays. @param now milliseconds since the epoch */
export function limitsSet({ rules }: PolicyDocument, rule: RuleName, limits: Limits, now: number): Edited {
  return { rules: withLimits(rules, rule, limits, now), what: setText(rule, limits), of: rule.of };
}

/** Makes these limits all that a rule sets. */
export function ruleReplaced({ rules }: PolicyDocument, rule: PolicyRule, now: number): Edited {
  const before = ruleOf(rulesInForce(rules, now), rule)?.limits ?? {};
  const gone = LIMIT_NAMES.filter((name) => before[name] !== undefined && rule.limits[name] === undefined);
  const rest = withoutLimits(rules, rule, gone, now);
  return {
    rules: withLimits(rest, rule, rule.limits, now),
    what: [setText(rule, rule.limits), ...gone.map((name) => `no ${inWord(name)}`)].join(', '),
    of: rule.of,
  };
}

/**
 * Takes back what a rule sets.
 *
 * @param limits empty for all of it
 * @throws FairqError (usage) where nothing of it is set
 */
export function limitsTakenBack(
  { rules, revision }: PolicyDocument,
  rule: RuleName,
  limits: readonly LimitName[],
  now: number,
): Edited {
  const before = ruleOf(rules, rule);
  const named = limits.length === 0 ? LIMIT_NAMES : limits;
  const taken = named.filter((name) => before?.limits[name] !== undefined);
  if (taken.length === 0) {
    const which = limits.length === 0 ? 'nothing' : `no ${limits.map(inWord).join(' and no ')}`;
    const text = `${which} is set for ${whose(rule)} by a rule of this name (revision ${revision})`;
    throw usageError('NOT_SET', text, {
      hint: 'See "fairq policy list"; "fairq policy show NAME" says which rule counts.',
    });
  }
  const what = `${whose(rule)}: no ${taken.map(inWord).join(', no ')} any more`;
  return { rules: withoutLimits(rules, rule, taken, now), what, of: rule.of };
}

export function resumedText(rule: RuleName): string {
  return `${whose(rule)}: no longer paused`;
}

/**
 * Ends a pause; undefined where there is none.
 *
 * @throws FairqError (usage) where another rule goes on to pause: nothing is to be taken for resumed then
 */
export function resumed(before: PolicyDocument, rule: RuleName, now: number): Edited | undefined {
  const isSet = ruleOf(before.rules, rule)?.limits.paused !== undefined;
  const rules = isSet ? withoutLimits(before.rules, rule, ['paused'], now) : before.rules;
  const policy = new Policy({ ...before, rules });
  const { paused } = policy.forName(rule, now);
  if (paused !== undefined) {
    const by = whose(paused.rule);
    throw usageError('PAUSED_BY_RULE', `${whose(rule)} is paused by the rule "${by}"; nothing was changed`, {
      hint: `Resume all of it: fairq resume ${JSON.stringify(paused.rule.name)}.`,
    });
  }
  return isSet ? { rules, what: resumedText(rule), of: rule.of } : undefined;
}
