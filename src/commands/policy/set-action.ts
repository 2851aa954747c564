import { usageError } from '../../core/errors/errors.js';
import { limitsText } from '../../core/policy/limit-text.js';
import { type RuleName, ruleOf, withLimits, withoutLimits } from '../../core/policy/policy-changes.js';
import { LIMIT_NAMES, type Limits } from '../../core/policy/policy-document.js';
import type { CommandResult, Context } from '../shared/context.js';
import { carryOut, epochMs, ownName } from './carry-out.js';
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
  const what = `${whose(rule)}: ${limitsText(limits)}`;
  return carryOut(context, {
    verb,
    by: flags.by ?? ownName(context),
    flags,
    text: () => what,
    next: ({ rules }) => ({ rules: withLimits(rules, rule, limits, epochMs(context)), what }),
  });
}

export async function unset(flags: UnsetFlags, context: Context): Promise<CommandResult> {
  const rule = ruleNameFrom(flags);
  const named = LIMIT_NAMES.filter((name) => flags[name] === true);
  const limits = named.length === 0 ? LIMIT_NAMES : named;
  return carryOut(context, {
    verb: 'fairq policy unset',
    by: flags.by ?? ownName(context),
    flags,
    text: ({ after }) => after.what,
    next: ({ rules, revision }) => {
      const before = ruleOf(rules, rule);
      const taken = limits.filter((name) => before?.limits[name] !== undefined);
      if (taken.length === 0) {
        const which =
          named.length === 0 ? 'nothing' : `no ${named.join(' and no ').replace('paused', 'pause')}`;
        throw usageError(
          'NOT_SET',
          `${which} is set for ${whose(rule)} by a rule of this name (revision ${revision})`,
          {
            hint: 'See "fairq policy list"; "fairq policy show NAME" says which rule counts.',
          },
        );
      }
      const gone = taken.map((name) => (name === 'paused' ? 'pause' : name));
      const what = `${whose(rule)}: no ${gone.join(', no ')} any more`;
      return { rules: withoutLimits(rules, rule, taken, epochMs(context)), what };
    },
  });
}

export function whose({ of, name }: RuleName): string {
  return of === 'tenant' ? `tenant ${name}` : name;
}
