import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Management } from '../../src/broker/management/management.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useLimitedUsers } from '../support/limited-user.js';
import { type FrontMode, ManagementFront } from '../support/management-front.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const users = useLimitedUsers(vhost);
const folder = useFolder();
let front: ManagementFront;
let env: Record<string, string>;

beforeAll(async () => {
  front = await ManagementFront.to(inject('managementUri'), '/ops/rabbit');
  env = { ...vhost.env, FAIRQ_MANAGEMENT_URI: front.uri, XDG_STATE_HOME: folder.file('state') };
  await fairqJson(env, 'publish', '--user', 'A', '--count', '3');
});
afterAll(() => front.close());

const PRUNE = ['queues', 'prune', '--idle-for', '1ms', '--yes'];

async function says(mode: FrontMode, ...args: string[]) {
  front.mode = mode;
  const ended = await fairq(env, ...args);
  front.mode = 'forwards';
  return ended;
}

describe('the management API', () => {
  it('may be below a path', async () => {
    const { queues } = await fairqJson<{ queues: object[] }>(env, 'queues', 'list');
    expect(queues).toHaveLength(1);
    expect((await fairq(env, 'doctor')).stdout).toMatch(/ok +management/);
  });

  it.each<[FrontMode, RegExp, RegExp]>([
    ['fails', /has failed: HTTP 500: Internal Server Error/, /Try again/],
    ['halves', /ended the connection before it had answered/, /log of the broker/],
    ['has pages', /is not RabbitMQ's management API/, /--management-uri/],
    ['redirects', /is not RabbitMQ's management API/, /--management-uri/],
    ['is empty', /is not RabbitMQ's management API/, /--management-uri/],
  ])('that %s is named, with what to do, and nothing is deleted', async (mode, what, hint) => {
    for (const args of [['queues', 'list'], PRUNE]) {
      const { code, stderr } = await says(mode, ...args);
      expect(stderr).toMatch(what);
      expect(stderr).toMatch(hint);
      expect(stderr).not.toContain('guest:');
      expect(code).toBe(69);
    }
    expect(await vhost.ready('fairq.user.A')).toBe(3);
  });

  it('that says nothing is given up', async () => {
    front.mode = 'says nothing';
    const management = new Management({ ...vhost.address, managementUris: [front.uri] }, 200);
    await expect(management.queues()).rejects.toMatchObject({ code: 'MANAGEMENT_UNREACHABLE' });
    await management.close();
    front.mode = 'forwards';
  });

  it('that refuses the password says so', async () => {
    const { code, stderr } = await fairq({ ...env, FAIRQ_PASSWORD: 'not-this' }, 'queues', 'list');
    expect(stderr).toMatch(/refused user "guest"/);
    expect(stderr).not.toContain('not-this');
    expect(code).toBe(77);
  });

  it('may have a login of its own, which no message shows', async () => {
    const own = (login: string) => front.uri.replace('://', `://${login}@`);
    // The user of the broker may not ask it, and the one of its own address may.
    const limited = { ...env, ...(await users.make({ configure: '.*', write: '.*', read: '.*', tags: '' })) };
    const refused = await fairq({ ...limited, FAIRQ_MANAGEMENT_URI: front.uri }, 'queues', 'list');
    expect(refused).toMatchObject({ code: 77, stderr: expect.stringMatching(/refused user "limited-/) });
    const taken = await fairq({ ...limited, FAIRQ_MANAGEMENT_URI: own('guest:guest') }, 'queues', 'list');
    expect(taken.stderr).toBe('');
    expect(taken).toMatchObject({ code: 0, stdout: expect.stringMatching(/\bA\b/) });
    const wrong = await fairq({ ...limited, FAIRQ_MANAGEMENT_URI: own('ops:not-this') }, 'queues', 'list');
    expect(wrong).toMatchObject({ code: 77, stderr: expect.stringContaining('refused user "ops"') });
    expect(wrong.stderr).not.toContain('not-this');
    const { stderr } = await says('fails', '--management-uri', own('guest:not-this'), 'queues', 'list');
    expect(stderr).toContain('has failed: HTTP 500');
    expect(stderr).not.toContain('not-this');
  });

  it('of another node is asked when the first fails', async () => {
    const both = { ...env, FAIRQ_MANAGEMENT_URI: `${front.uri},${inject('managementUri')}` };
    front.mode = 'fails';
    expect((await fairqJson<{ queues: object[] }>(both, 'queues', 'list')).queues).toHaveLength(1);
    front.mode = 'forwards';
  });

  it('that is away does not end a janitor, which goes on when it is back', async () => {
    const janitor = new FairqHere(['--json', ...PRUNE, '--watch', '100ms'], env);
    const rounds = () => janitor.stdout.split('\n').length - 1;
    await eventually(async () => rounds() > 1, { timeoutMs: 60_000, what: 'rounds' });
    // The listing answers, and what is asked after it does not.
    front.affects = /connections/;
    front.mode = 'fails';
    await janitor.says(/trying again/);
    front.mode = 'forwards';
    front.affects = /./;
    const before = rounds();
    await eventually(async () => rounds() > before + 1, { timeoutMs: 60_000, what: 'more rounds' });
    janitor.signal('SIGINT');
    expect((await janitor.ended).code).toBe(0);
    expect(await vhost.ready('fairq.user.A')).toBe(3);
  });
});
