import type { Shares } from '../../core/measures/shares.js';
import type { InForce } from '../../core/policy/policy.js';
import type { PolicyOverTime } from '../../core/policy/policy-over-time.js';
import type { PolicyChangeReport, RunReport } from '../../core/reports/run-report.js';
import type { Weights } from '../../core/scheduling/weights.js';
import type { FoundTenants } from '../flags/tenant-flags.js';

/** So many are told. */
const MOST_CHANGES = 1_000;

/**
 * Who was due how much, and when: by the policy that counted then, and by the flags where it said nothing. Who was paused was
 * due nothing.
 */
export function sharesOf(
  weights: Weights,
  policy: PolicyOverTime,
  tenants: FoundTenants | undefined,
): Shares {
  const weightIn = ({ weight, paused }: InForce, otherwise: number) =>
    paused === undefined ? (weight?.value ?? otherwise) : 0;
  const nothing: InForce = {};
  return {
    changes: policy.changes().map((ms) => ms * 1_000),
    weightOf: (user, at) =>
      weightIn(policy.at(at / 1_000)?.forUser(user, at / 1_000) ?? nothing, weights.find(user).weight),
    tenants: tenants && {
      tenantOf: tenants.rule.tenantOf,
      weightOf: (tenant, at) =>
        weightIn(
          policy.at(at / 1_000)?.forTenant(tenant, at / 1_000) ?? nothing,
          tenants.weights.find(tenant).weight,
        ),
    },
  };
}

/** What operators changed while tasks of the run were done, the first of it first. */
export function changesDuring(
  { beganAt, endedAt }: Pick<RunReport, 'beganAt' | 'endedAt'>,
  { documents }: PolicyOverTime,
): PolicyChangeReport[] {
  if (beganAt === null || endedAt === null) return [];
  return documents
    .filter(({ at }) => at * 1_000 >= beganAt && at * 1_000 <= endedAt)
    .sort((a, b) => a.revision - b.revision)
    .slice(0, MOST_CHANGES)
    .map(({ revision, at, by, what }) => ({ revision, at: at * 1_000, by, what }));
}
