import { limitsText } from '../../../core/policy/limit-text.js';
import { ruleOf } from '../../../core/policy/policy-changes.js';
import type { Limits } from '../../../core/policy/policy-document.js';
import { type ChangeDeps, changePolicy } from '../../policy/change-policy.js';

/** What is set for a user, without who did it and when. */
export type LimitValues = { readonly [Name in keyof Limits]?: NonNullable<Limits[Name]>['value'] };

/** A change of the policy while a load is played; microseconds since the epoch. */
export interface Steered {
  readonly user: string;
  readonly limits: LimitValues;
  readonly begunAt: number;
  /** Every worker went by it then. */
  readonly inForceAt: number;
}

const BY = 'fairq bench';
const IN_FORCE_WITHIN_MS = 60_000;

/** Sets these limits for a user, and no others, as the verbs do; resolves when every worker goes by them. */
export async function steer(deps: ChangeDeps, user: string, values: LimitValues): Promise<void> {
  const at = deps.epochMs();
  const limits = Object.fromEntries(
    Object.entries(values).map(([limit, value]) => [limit, { value, by: BY, at }]),
  ) as Limits;
  const rule = { of: 'user', name: user, limits } as const;
  const what = `${user}: ${limitsText(limits) || 'nothing is set any more'}`;
  const { agreement } = await changePolicy(
    deps,
    ({ rules }) => {
      const others = rules.filter((one) => one !== ruleOf(rules, rule));
      return { rules: Object.keys(limits).length === 0 ? others : [...others, rule], what };
    },
    { by: BY, reason: undefined, seen: undefined, timeoutMs: IN_FORCE_WITHIN_MS },
  );
  const late = agreement.late.map(({ name, why }) => `${name} is ${why}`);
  if (late.length > 0) throw new Error(`not all workers go by "${what}": ${late.join(', ')}`);
}
