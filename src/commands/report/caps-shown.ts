import type { Connection } from '../../broker/connection/connection.js';
import { policyHistory } from '../../broker/policy/policy-stream.js';
import { FairqError } from '../../core/errors/errors.js';
import type { Policy } from '../../core/policy/policy.js';
import { PolicyOverTime } from '../../core/policy/policy-over-time.js';
import type { Names } from '../../core/queues/names.js';
import type { RunReport } from '../../core/reports/run-report.js';
import type { TenantsReport } from '../../core/reports/tenants-report.js';
import type { AtOnceShown } from '../../render/report/at-once-text.js';
import type { Context } from '../shared/context.js';

/** Who may not read it has a report all the same, without the caps, and by the weights of the flags. */
export async function policyOf(
  connection: Connection,
  names: Names,
  context: Context,
): Promise<PolicyOverTime> {
  try {
    return new PolicyOverTime(await policyHistory(connection, names));
  } catch (error) {
    if (!(error instanceof FairqError) || error.kind !== 'refused') throw error;
    context.say(`the policy could not be read: ${error.message}`);
    return new PolicyOverTime([]);
  }
}

/** Undefined where nobody asks what ran at once, and no user has a cap. */
export function atOnceOf({ users }: RunReport, policy: Policy, context: Context): AtOnceShown | undefined {
  const names = users.map(({ user }) => user);
  return shown(names, (user, now) => policy.forUser(user, now).cap?.value.tasks, context);
}

/** The same of tenants. */
export function tenantsAtOnceOf(
  { tenants }: TenantsReport,
  policy: Policy,
  context: Context,
): AtOnceShown | undefined {
  const names = tenants.map(({ tenant }) => tenant);
  return shown(names, (tenant, now) => policy.forTenant(tenant, now).cap?.value.tasks, context);
}

function shown(
  names: readonly string[],
  capOfAt: (name: string, now: number) => number | undefined,
  { clock, verbose }: Context,
): AtOnceShown | undefined {
  const now = clock.epochMicros() / 1_000;
  const capOf = (name: string) => capOfAt(name, now);
  return verbose || names.some((name) => capOf(name) !== undefined) ? { capOf } : undefined;
}
