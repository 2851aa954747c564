import { randomUUID } from 'node:crypto';
import { openConnection } from '../../src/broker/connection/connection.js';
import type { Limits, PolicyRule, RuleOf, Setting } from '../../src/core/policy/policy-document.js';
import { namesFor } from '../../src/core/queues/names.js';
import { type ChangedPolicy, changePolicy } from '../../src/run/policy/change-policy.js';
import type { TestVhost } from './vhost.js';

const BY = 'a test';
const TIMEOUT_MS = 60_000;

type Values = { [Name in keyof Limits]: Limits[Name] extends Setting<infer T> | undefined ? T : never };

/** Sets these limits, and no others, for users and tenants by name or glob; resolves when every worker goes by them. */
export async function setPolicy(
  { address, management }: Pick<TestVhost, 'address' | 'management'>,
  prefix: string,
  limits: Readonly<Record<string, Values>>,
  tenants: Readonly<Record<string, Values>> = {},
): Promise<ChangedPolicy> {
  const connection = await openConnection(address, 'policy of a test');
  const at = Date.now();
  const ruleOf = (of: RuleOf, name: string, values: Values): PolicyRule => {
    const settings = Object.entries(values).map(([limit, value]) => [limit, { value, by: BY, at }]);
    return { of, name, limits: Object.fromEntries(settings) as Limits };
  };
  const rules = [
    ...Object.entries(limits).map(([name, values]) => ruleOf('user', name, values)),
    ...Object.entries(tenants).map(([name, values]) => ruleOf('tenant', name, values)),
  ];
  try {
    const changed = await changePolicy(
      {
        connection,
        management,
        names: namesFor(prefix),
        newId: randomUUID,
        now: () => performance.now(),
        epochMs: () => Date.now(),
      },
      () => ({ rules, what: JSON.stringify({ limits, tenants }) }),
      { by: BY, reason: undefined, seen: undefined, timeoutMs: TIMEOUT_MS },
    );
    const late = changed.agreement.late.map(({ name, why }) => `${name} is ${why}`);
    if (late.length > 0) throw new Error(`workers do not go by the policy: ${late.join(', ')}`);
    return changed;
  } finally {
    await connection.close();
  }
}
