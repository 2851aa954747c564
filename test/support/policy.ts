import { randomUUID } from 'node:crypto';
import { openConnection } from '../../src/broker/connection/connection.js';
import type { Limits, PolicyRule, Setting } from '../../src/core/policy/policy-document.js';
import { namesFor } from '../../src/core/queues/names.js';
import { type ChangedPolicy, changePolicy } from '../../src/run/policy/change-policy.js';
import type { TestVhost } from './vhost.js';

const BY = 'a test';
const TIMEOUT_MS = 60_000;

type Values = { [Name in keyof Limits]: Limits[Name] extends Setting<infer T> | undefined ? T : never };

/** Sets these limits, and no others, for users by name or glob; resolves when every worker goes by them. */
export async function setPolicy(
  { address, management }: Pick<TestVhost, 'address' | 'management'>,
  prefix: string,
  limits: Readonly<Record<string, Values>>,
): Promise<ChangedPolicy> {
  const connection = await openConnection(address, 'policy of a test');
  const at = Date.now();
  const rules = Object.entries(limits).map(([name, values]): PolicyRule => {
    const settings = Object.entries(values).map(([limit, value]) => [limit, { value, by: BY, at }]);
    return { of: 'user', name, limits: Object.fromEntries(settings) as Limits };
  });
  try {
    const changed = await changePolicy(
      {
        connection,
        management,
        names: namesFor(prefix),
        backlog: { check: async () => {}, agree: async () => ({ set: [], removed: [] }) },
        newId: randomUUID,
        now: () => performance.now(),
        epochMs: () => Date.now(),
      },
      () => ({ rules, what: JSON.stringify(limits) }),
      { by: BY, reason: undefined, seen: undefined, timeoutMs: TIMEOUT_MS },
    );
    const late = changed.agreement.late.map(({ name, why }) => `${name} is ${why}`);
    if (late.length > 0) throw new Error(`workers do not go by the policy: ${late.join(', ')}`);
    return changed;
  } finally {
    await connection.close();
  }
}
