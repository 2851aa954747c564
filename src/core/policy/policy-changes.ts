import { settingText } from './limit-text.js';
import { holds, withoutEnded } from './policy.js';
import {
  LIMIT_NAMES,
  type LimitName,
  type Limits,
  type PolicyDocument,
  type PolicyRule,
  type RuleOf,
  type Setting,
} from './policy-document.js';

/** Whom a rule is for. */
export interface RuleName {
  readonly of: RuleOf;
  readonly name: string;
}

/** `A`, or `tenant acme`. */
export function whose({ of, name }: RuleName): string {
  return of === 'tenant' ? `tenant ${name}` : name;
}

/** The rules with these limits set; what the rule has beside them stays. Those that have ended are left out. */
export function withLimits(
  rules: readonly PolicyRule[],
  { of, name }: RuleName,
  limits: Limits,
  now: number,
): PolicyRule[] {
  const before = ruleOf(rules, { of, name })?.limits ?? {};
  return withRule(rules, { of, name, limits: inOrder({ ...before, ...limits }) }, now);
}

/** The rules without these limits. */
export function withoutLimits(
  rules: readonly PolicyRule[],
  { of, name }: RuleName,
  limits: readonly LimitName[],
  now: number,
): PolicyRule[] {
  const before = ruleOf(rules, { of, name })?.limits ?? {};
  const kept = Object.entries(before).filter(([limit]) => !limits.includes(limit as LimitName));
  return withRule(rules, { of, name, limits: Object.fromEntries(kept) }, now);
}

export function ruleOf(rules: readonly PolicyRule[], { of, name }: RuleName): PolicyRule | undefined {
  return rules.find((rule) => rule.of === of && rule.name === name);
}

/** What has not ended. */
export function rulesInForce(rules: readonly PolicyRule[], now: number): PolicyRule[] {
  return rules
    .map((rule) => ({ ...rule, limits: withoutEnded(rule.limits, now) }))
    .filter(({ limits }) => Object.keys(limits).length > 0);
}

/** Nothing of them has ended. */
export function areAllInForce(rules: readonly PolicyRule[], now: number): boolean {
  return rules.every(({ limits }) => Object.values(limits).every((setting) => holds(setting, now)));
}

function withRule(rules: readonly PolicyRule[], rule: PolicyRule, now: number): PolicyRule[] {
  const isThere = ruleOf(rules, rule) !== undefined;
  const all = isThere
    ? rules.map((one) => (one.of === rule.of && one.name === rule.name ? rule : one))
    : [...rules, rule];
  return rulesInForce(all, now);
}

function inOrder(limits: Limits): Limits {
  return Object.fromEntries(LIMIT_NAMES.flatMap((name) => (limits[name] ? [[name, limits[name]]] : [])));
}

/** One setting that two documents do not have in common. */
export interface PolicyChange extends RuleName {
  readonly limit: LimitName;
  readonly before: Setting<unknown> | undefined;
  readonly after: Setting<unknown> | undefined;
}

/** What makes the second of the first; who set a thing, and when, makes no difference. */
export function differenceOf(
  before: Pick<PolicyDocument, 'rules'>,
  after: Pick<PolicyDocument, 'rules'>,
): PolicyChange[] {
  const names = new Map<string, RuleName>();
  for (const { of, name } of [...before.rules, ...after.rules]) names.set(`${of} ${name}`, { of, name });
  return [...names.values()].flatMap((rule) => {
    const [was, is] = [ruleOf(before.rules, rule)?.limits, ruleOf(after.rules, rule)?.limits];
    return LIMIT_NAMES.flatMap((limit): PolicyChange[] => {
      const change = { ...rule, limit, before: was?.[limit], after: is?.[limit] };
      return isSame(change.before, change.after) ? [] : [change];
    });
  });
}

export function isSame(a: Setting<unknown> | undefined, b: Setting<unknown> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return JSON.stringify(a.value) === JSON.stringify(b.value) && a.until === b.until && a.reason === b.reason;
}

/** `A: weight 2 -> 3`, a line a setting. */
export function changeText({ limit, before, after, ...rule }: PolicyChange): string {
  if (before === undefined) return `${whose(rule)}: ${settingText(limit, after!)}`;
  if (after === undefined) return `${whose(rule)}: no longer ${settingText(limit, before)}`;
  return `${whose(rule)}: ${settingText(limit, after)} (was ${settingText(limit, before)})`;
}
