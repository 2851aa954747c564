import { describe, expect, it } from 'vitest';
import type { PublishReport } from '../../src/core/reports/publish-report.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useLimitedUsers } from '../support/limited-user.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const users = useLimitedUsers(vhost);
const { env } = vhost;

const policies = async () => (await vhost.management.policies.list()).map(({ name }) => name);
const revision = async () => (await fairqJson<{ revision: number }>(env, 'policy', 'list')).revision;

describe('a backlog limit', () => {
  it('counts from when it is set, and no longer when it is taken back', async () => {
    await fairqJson(env, 'policy', 'set', 'A', '--backlog', '5', '--for', '1h');
    expect(await policies()).toEqual(['fairq-backlog-fairq/A']);
    const { code, stdout } = await fairq(env, '--json', 'publish', '--user', 'A', '--count', '50');
    expect(code).toBe(3);
    const { confirmed, notTaken } = JSON.parse(stdout) as PublishReport;
    expect(confirmed).toBe(5);
    expect(notTaken).toMatchObject([{ user: 'A', tasks: 45, code: 'BACKLOG_FULL' }]);
    expect(notTaken[0]?.reason).toMatch(/is reached: 5 of its tasks may wait \(set by .+, until \d{4}-/);
    await fairqJson(env, 'policy', 'unset', 'A', '--backlog');
    expect(await policies()).toEqual([]);
    await fairqJson(env, 'publish', '--user', 'A', '--count', '50');
    expect(await vhost.ready('fairq.user.A')).toBe(55);
  });

  it('is refused whole to who may not set RabbitMQ policies, and to tenants', async () => {
    const limited = await users.make({ configure: '.*', write: '.*', read: '.*', tags: 'management' });
    const before = await revision();
    const refused = await fairq(limited, 'policy', 'set', 'A', '--backlog', '5', '--weight', '2');
    expect(refused.code, refused.stderr).toBe(77);
    expect(refused.stderr).toMatch(
      /may not set RabbitMQ's policies[\s\S]+set_user_tags limited-\S+ management policymaker/,
    );
    const tenant = await fairq(env, 'policy', 'set', '--tenant', 'acme', '--backlog', '5');
    expect(tenant.code, tenant.stderr).toBe(64);
    expect(tenant.stderr).toContain('"acme/*"');
    expect([await revision(), await policies()]).toEqual([before, []]);
    // What is no limit of the backlog needs no such right, and leaves the limits of others alone.
    await fairqJson(env, 'policy', 'set', 'B', '--backlog', '7');
    await fairqJson(limited, 'policy', 'set', 'A', '--weight', '2');
    expect(await policies()).toEqual(['fairq-backlog-fairq/B']);
  });
});
