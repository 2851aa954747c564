import { usageError } from '../../core/errors/errors.js';
import { Policy } from '../../core/policy/policy.js';
import { type RuleName, ruleOf, withoutLimits } from '../../core/policy/policy-changes.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import { carryOut, epochMs, ownName } from '../policy/carry-out.js';
import { endFrom, ruleNameFrom } from '../policy/policy-flags.js';
import { setLimits, whose } from '../policy/set-action.js';
import type { CommandResult, Context } from '../shared/context.js';
import type { PauseFlags, ResumeFlags } from './pause-command.js';

export async function pause(flags: PauseFlags, context: Context): Promise<CommandResult> {
  const rule = ruleNameFrom(flags);
  const at = epochMs(context);
  const until = endFrom(flags, at);
  const by = flags.by ?? ownName(context);
  const paused = {
    value: true as const,
    by,
    at,
    ...(until !== undefined && { until }),
    ...(flags.reason !== undefined && { reason: flags.reason }),
  };
  return setLimits(context, 'fairq pause', { ...flags, by }, rule, { paused });
}

export async function resume(flags: ResumeFlags, context: Context): Promise<CommandResult> {
  const rule = ruleNameFrom(flags);
  const what = `${whose(rule)}: no longer paused`;
  return carryOut(context, {
    verb: 'fairq resume',
    by: flags.by ?? ownName(context),
    flags,
    text: () => what,
    next: (before) => {
      const now = epochMs(context);
      const isSet = ruleOf(before.rules, rule)?.limits.paused !== undefined;
      const rules = isSet ? withoutLimits(before.rules, rule, ['paused'], now) : before.rules;
      refuseWhileOtherRulePauses({ ...before, rules }, rule, now);
      return isSet ? { rules, what } : undefined;
    },
  });
}

/** A glob that pauses the user as well goes on to do so: then nothing is to be taken for resumed. */
function refuseWhileOtherRulePauses(document: PolicyDocument, rule: RuleName, now: number): void {
  const policy = new Policy(document);
  const { paused } = rule.of === 'user' ? policy.forUser(rule.name, now) : policy.forTenant(rule.name, now);
  if (paused === undefined) return;
  const by = whose(paused.rule);
  throw usageError('PAUSED_BY_RULE', `${whose(rule)} is paused by the rule "${by}"; nothing was changed`, {
    hint: `Resume all of it: fairq resume ${JSON.stringify(paused.rule.name)}.`,
  });
}
