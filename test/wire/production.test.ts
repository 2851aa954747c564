import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fairq, fairqJson } from '../support/fairq.js';
import { type Permissions, useLimitedUsers } from '../support/limited-user.js';
import { useVhost } from '../support/vhost.js';

const PAGE = readFileSync(new URL('../../docs/production.md', import.meta.url), 'utf8');
const vhost = useVhost();
const users = useLimitedUsers(vhost);

/** The rights that the commands of the page give to one of its users. */
function rightsOf(user: string): Permissions {
  const command = PAGE.split('\n').find((line) => line.startsWith(`$ rabbitmqctl set_permissions ${user} `));
  const [configure, write, read] = [...(command ?? '').matchAll(/'([^']+)'/g)].map(([, text]) => text);
  if (configure === undefined || write === undefined || read === undefined)
    throw new Error(`no rights of ${user}`);
  const [, tags = ''] = new RegExp(`^\\$ rabbitmqctl set_user_tags ${user} (\\w+)$`, 'm').exec(PAGE) ?? [];
  return { configure, write, read, tags };
}

describe('the rights that the page on production gives', () => {
  const envs: Record<string, Record<string, string>> = {};
  const as = (user: string) => envs[user] ?? {};

  beforeAll(async () => {
    for (const user of ['publisher', 'worker', 'operator']) envs[user] = await users.make(rightsOf(user));
    expect(await fairq(as('operator'), 'worker', '--exit-when', 'empty')).toMatchObject({ code: 0 });
  });

  it('are enough to publish, to work, and to look after it', async () => {
    const publish = (...flags: string[]) => fairqJson(as('publisher'), 'publish', '--run', 'r', ...flags);
    await publish('--users', '3', '--count', '4');
    await publish('--user', 'F', '--count', '2', '--task', 'fail');
    const worked = await fairq(
      as('worker'),
      ...['worker', '--exit-when', 'empty', '--max-attempts', '2', '--backoff', '10ms', '--json'],
    );
    expect(worked).toMatchObject({ code: 3 });
    expect(worked.stderr).not.toMatch(/may not|cannot be used|refused/);
    expect(JSON.parse(worked.stdout)).toMatchObject({ completed: 12, failed: 2, retried: 2 });
    const report = await fairqJson<{ missing: number }>(as('operator'), 'report', '--run', 'r');
    expect(report.missing).toBe(0);
    const commands = [
      ['queues', 'list'],
      ['queues', 'show', 'F'],
      ['dead', 'list'],
      ['dead', 'redrive', '--user', 'F', '--yes'],
      ['queues', 'purge', 'F', '--yes'],
      ['queues', 'prune', '--observe', '1s', '--yes'],
      ['top', '--json', '--samples', '1'],
      ['doctor'],
    ];
    for (const command of commands) {
      const { code, stderr } = await fairq(as('operator'), ...command);
      expect(code, `fairq ${command.join(' ')}: ${stderr}`).toBe(0);
    }
  });

  it('are enough to keep a cap and a rate', async () => {
    await fairqJson(as('operator'), 'policy', 'set', 'capped', '--cap', '2', '--rate', '100/s');
    await fairqJson(as('publisher'), 'publish', '--user', 'capped', '--count', '5', '--run', 'capped');
    const worked = await fairq(as('worker'), 'worker', '--exit-when', 'empty', '--json');
    expect(JSON.parse(worked.stdout)).toMatchObject({ completed: 5 });
    expect(worked.stderr).not.toMatch(/may not|cannot be used|refused/);
  });

  it('are not enough for what is another user’s affair', async () => {
    const refused = [
      ['publisher', 'worker', '--exit-when', 'empty'],
      ['publisher', 'dead', 'discard', '--user', 'F', '--yes'],
      ['publisher', 'report', '--run', 'r'],
      ['worker', 'queues', 'delete', 'F', '--yes', '--queue', 'fairq.dead'],
    ];
    for (const [user = '', ...command] of refused) {
      const { code, stderr } = await fairq(as(user), ...command);
      expect([64, 77], `${user}: fairq ${command.join(' ')}: ${stderr}`).toContain(code);
      expect(stderr).not.toContain('defect');
    }
  });
});
