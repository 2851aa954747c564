import type { Connection } from '../../broker/connection/connection.js';
import { currentPolicy } from '../../broker/policy/policy-stream.js';
import { FairqError } from '../../core/errors/errors.js';
import { Policy } from '../../core/policy/policy.js';
import { NO_POLICY } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import type { RunReport } from '../../core/reports/run-report.js';
import type { ReportExtras } from '../../render/report/report-text.js';
import type { Context } from '../shared/context.js';

/** Who may not read it has a report all the same, without the caps. */
export async function policyOf(connection: Connection, names: Names, context: Context): Promise<Policy> {
  try {
    return new Policy(await currentPolicy(connection, names));
  } catch (error) {
    if (!(error instanceof FairqError) || error.kind !== 'refused') throw error;
    context.say(`the policy could not be read: ${error.message}`);
    return new Policy(NO_POLICY);
  }
}

/** Undefined where nobody asks what ran at once, and no user has a cap. */
export function atOnceOf(
  { users }: RunReport,
  policy: Policy,
  { clock, verbose }: Context,
): ReportExtras['atOnce'] {
  const now = clock.epochMicros() / 1_000;
  const capOf = (user: string) => policy.forUser(user, now).cap?.value.tasks;
  return verbose || users.some(({ user }) => capOf(user) !== undefined) ? { capOf } : undefined;
}
