import type { Connection } from '../../src/broker/connection/connection.js';
import { withPolicyLock } from '../../src/broker/policy/policy-lock.js';
import { NO_POLICY, type PolicyDocument, type Setting } from '../../src/core/policy/policy-document.js';
import { namesFor } from '../../src/core/queues/names.js';
import { BacklogLimits } from '../../src/run/policy/backlog-limits.js';
import type { TestVhost } from './vhost.js';

const names = namesFor('fairq');

/** How many tasks may wait, by user or glob, and until when. */
export type Backlogs = Readonly<Record<string, number | Partial<Setting<number>>>>;

export function backlogDocument(backlogs: Backlogs, revision = 1): PolicyDocument {
  const rules = Object.entries(backlogs).map(([name, given]) => {
    const setting = typeof given === 'number' ? { value: given } : given;
    return { of: 'user', name, limits: { backlog: { value: 1, by: 'ops', at: 0, ...setting } } } as const;
  });
  return { ...NO_POLICY, revision, what: 'a test', rules };
}

export function backlogLimits({ management }: TestVhost): BacklogLimits {
  return new BacklogLimits({ policies: management.policies, names, nowMs: () => Date.now() });
}

/** Sets these limits and no others, as an operator does. */
export async function setBacklogs(
  vhost: TestVhost,
  connection: Connection,
  backlogs: Backlogs,
): Promise<void> {
  await withPolicyLock(connection, names, async (policy) => {
    const newest = await policy.newest();
    const revision = typeof newest === 'object' ? newest.revision + 1 : 1;
    const document = backlogDocument(backlogs, revision);
    await policy.append(document);
    await backlogLimits(vhost).carryOut(document);
  });
}
