import { usageError } from '../../core/errors/errors.js';
import type { RuleName } from '../../core/policy/policy-changes.js';
import { LIMIT_NAMES, type Limits } from '../../core/policy/policy-document.js';
import { limitsSet, limitsTakenBack, setText } from '../../core/policy/policy-edits.js';
import type { CommandResult, Context } from '../shared/context.js';
import { ownName } from '../shared/own-name.js';
import { carryOut, epochMs } from './carry-out.js';
import { endFrom, limitsFrom, ruleNameFrom } from './policy-flags.js';
import type { SetFlags, UnsetFlags } from './set-command.js';

export async function set(flags: SetFlags, context: Context): Promise<CommandResult> {
  const rule = ruleNameFrom(flags);
  const now = epochMs(context);
  const by = flags.by ?? ownName(context);
  const until = endFrom(flags, now);
  const limits = limitsFrom(flags, {
    by,
    at: now,
    ...(until !== undefined && { until }),
    ...(flags.reason !== undefined && { reason: flags.reason }),
  });
  if (Object.keys(limits).length === 0) {
    throw usageError('NOTHING_SET', 'nothing is to be set', {
      hint: 'Say --weight, --cap, --rate or --backlog; a pause is "fairq pause".',
    });
  }
  return setLimits(context, 'fairq policy set', flags, rule, limits);
}

/** Sets these limits of a rule, and tells who goes by them. */
export function setLimits(
  context: Context,
  verb: string,
  flags: SetFlags,
  rule: RuleName,
  limits: Limits,
): Promise<CommandResult> {
  return carryOut(context, {
    verb,
    by: flags.by ?? ownName(context),
    flags,
    text: () => setText(rule, limits),
    next: (before) => limitsSet(before, rule, limits, epochMs(context)),
  });
}

export async function unset(flags: UnsetFlags, context: Context): Promise<CommandResult> {
  const rule = ruleNameFrom(flags);
  const limits = LIMIT_NAMES.filter((name) => flags[name] === true);
  return carryOut(context, {
    verb: 'fairq policy unset',
    by: flags.by ?? ownName(context),
    flags,
    text: ({ after }) => after.what,
    next: (before) => limitsTakenBack(before, rule, limits, epochMs(context)),
  });
}
