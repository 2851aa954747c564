import { type OnBroker, onBroker } from '../../broker/on-broker.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import { idGenerator } from '../../process/identity.js';
import { renderChange } from '../../render/policy/change-text.js';
import {
  type ChangeDeps,
  type ChangedPolicy,
  changePolicy,
  type NextRules,
} from '../../run/policy/change-policy.js';
import { changeReport } from '../../run/policy/change-report.js';
import { changeWarnings } from '../../run/policy/change-warnings.js';
import type { CommandResult, Context } from '../shared/context.js';
import type { ChangeFlags } from './policy-flags.js';

/** Now, as ends and histories count it: milliseconds since the epoch. */
export function epochMs({ clock }: Pick<Context, 'clock'>): number {
  return Math.floor(clock.epochMicros() / 1_000);
}

export interface Change {
  /** What the broker's operators see of the connection. */
  readonly verb: string;
  readonly by: string;
  readonly flags: ChangeFlags;
  /** What the operator has looked at, where the flags do not say. */
  readonly seen?: number | undefined;
  /** Said of what counts now, before who goes by it. */
  text(changed: ChangedPolicy): string;
  next(before: PolicyDocument): NextRules | undefined;
}

/** What a change of the policy works with. */
export function changeDeps(context: Context, { connection, management }: OnBroker, names: Names): ChangeDeps {
  return {
    connection,
    management,
    names,
    newId: idGenerator(context),
    now: () => context.clock.now(),
    epochMs: () => epochMs(context),
  };
}

/** Changes the policy, and tells who goes by it. */
export async function carryOut(context: Context, change: Change): Promise<CommandResult> {
  const { by, flags, verb } = change;
  const config = await context.config();
  return onBroker(config, verb, {}, async (broker) => {
    const { names } = config;
    const { management } = broker;
    const deps = changeDeps(context, broker, names);
    const changed = await changePolicy(deps, (before) => change.next(before), {
      by,
      reason: flags.reason,
      seen: flags.revision ?? change.seen,
      timeoutMs: flags.timeout,
    });
    for (const warning of await changeWarnings(management, names, changed)) context.warn(warning);
    const { late } = changed.agreement;
    if (late.length > 0)
      context.fail(`${late.length} of the workers ${late.length === 1 ? 'does' : 'do'} not go by it`);
    const report = changeReport(changed);
    const at = context.clock.epochMicros();
    return {
      document: report,
      text: (style) => renderChange(change.text(changed), report, at, style),
      endsAs: late.length > 0 ? 'partial' : undefined,
    };
  });
}
