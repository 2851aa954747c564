import { resumed, resumedText } from '../../core/policy/policy-edits.js';
import { carryOut, epochMs } from '../policy/carry-out.js';
import { endFrom, ruleNameFrom } from '../policy/policy-flags.js';
import { setLimits } from '../policy/set-action.js';
import type { CommandResult, Context } from '../shared/context.js';
import { ownName } from '../shared/own-name.js';
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
  return carryOut(context, {
    verb: 'fairq resume',
    by: flags.by ?? ownName(context),
    flags,
    text: () => resumedText(rule),
    next: (before) => resumed(before, rule, epochMs(context)),
  });
}
