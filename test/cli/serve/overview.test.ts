import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { namesFor } from '../../../src/core/queues/names.js';
import { systemClock } from '../../../src/process/system-clock.js';
import { LookingOn } from '../../../src/serve/overview/looking-on.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson, RunningFairq } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { ManagementFront } from '../../support/management-front.js';
import { NetworkProxy } from '../../support/network-proxy.js';
import {
  ask,
  type HttpAnswer,
  type RoleHeaders,
  type Serving,
  sendTask,
  startServing,
  useGuardedServing,
  useServedWorker,
  useServing,
  writeTokens,
} from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
/** Nobody else is connected to it. */
const quiet = useVhost();
const { env } = vhost;
const folder = useFolder();
const serving = useServing(env, '--allow-queue', 'late', '--tenant-of', 'prefix:/');
useServedWorker(
  env,
  folder,
  ...['--name', 'one', '--concurrency', '2'],
  ...['--max-attempts', '1', '--exclude', 'fairq.user.nobody*'],
);

const BOSS = { user: 'boss' };
const HOSTILE = '"><img src=x onerror=alert(1)>\u202e';

const connections = (name: string) => async () => (await vhost.management.connectionNames()).includes(name);

/** Asks until the answer is so. */
function answers(
  server: Pick<Serving, 'url'>,
  path: string,
  user: string,
  isSo: (answer: HttpAnswer) => boolean,
): Promise<HttpAnswer> {
  let last: HttpAnswer | undefined;
  return eventually(
    async () => {
      last = await ask(server, path, { user });
      return isSo(last) && last;
    },
    {
      timeoutMs: 90_000,
      what: () => `${path} to be so; it was ${last?.status}: ${last?.text.slice(0, 2_000)}`,
    },
  );
}

const users = ({ json }: HttpAnswer) => (json.users as { user: string }[]).map(({ user }) => user);

describe('GET /v1/me', () => {
  it('lists and hears nothing before somebody asks', async () => {
    const looking = 'fairq serve, looking on';
    await eventually(connections('fairq serve'), { timeoutMs: 60_000, what: 'connections are listed' });
    expect(await connections(looking)()).toBe(false);
    expect((await ask(serving, '/v1/me', { user: 'newcomer' })).status).toBe(200);
    await eventually(connections(looking), { timeoutMs: 60_000, what: 'it looks on' });
  });

  it('tells who has never sent anything that nothing waits', async () => {
    const { json } = await ask(serving, '/v1/me', { user: 'newcomer' });
    expect(json).toMatchObject({
      user: 'newcomer',
      backlog: 0,
      unserved: false,
      failedLately: 0,
      oldestWaitSeconds: null,
      at: expect.stringMatching(/Z$/),
      listedSecondsAgo: expect.any(Number),
    });
  });

  it('knows a task as soon as it is sent, and that nobody serves it', async () => {
    await sendTask(serving, 'nobody', 'echo');
    await sendTask(serving, 'nobody', 'echo');
    expect((await ask(serving, '/v1/me', { user: 'nobody' })).json.backlog).toBe(2);
    const { json } = await answers(
      serving,
      '/v1/me',
      'nobody',
      ({ json: { unserved, oldestWaitSeconds, running } }) =>
        unserved === true && oldestWaitSeconds !== null && running === 0,
    );
    expect(json).toMatchObject({ backlog: 2, workersKnown: true });
  });

  it('counts what runs and what failed', async () => {
    const gate = folder.file('me');
    await sendTask(serving, 'busy', 'until', gate);
    await sendTask(serving, 'busy', 'fails');
    await answers(
      serving,
      '/v1/me',
      'busy',
      ({ json: { running, failedLately } }) => running === 1 && failedLately === 1,
    );
    await writeFile(gate, '');
    await answers(
      serving,
      '/v1/me',
      'busy',
      ({ json: { running, backlog } }) => running === 0 && backlog === 0,
    );
  });

  it('tells the share of what ends, against what is fair', async () => {
    await fairqJson(env, 'publish', '--user', 'sharer', '--count', '20');
    const { json } = await eventually(
      async () => {
        await sendTask(serving, 'sharer', 'echo');
        const answer = await ask(serving, '/v1/me', { user: 'sharer' });
        return answer.json.share !== null && answer.json.share !== 0 && answer;
      },
      { timeoutMs: 60_000, what: 'a share' },
    );
    expect(json.share).toBeGreaterThan(0);
    expect(json.fairShare).toBeGreaterThan(0);
    expect(json.lastWaitSeconds).toBeGreaterThanOrEqual(0);
  });
});

describe('GET /v1/users', () => {
  beforeAll(async () => {
    for (let i = 1; i <= 12; i++) {
      await fairqJson(env, 'publish', '--user', `nobody-${i}`, '--count', `${i}`);
    }
    await sendTask(serving, Buffer.from(HOSTILE).toString('latin1'), 'echo');
    await answers(serving, '/v1/users?search=nobody-', 'boss', ({ json }) => json.total === 12);
  });

  it('sorts the deepest backlog first, and the other way round', async () => {
    const down = await answers(
      serving,
      '/v1/users?limit=2&search=NOBODY-',
      'boss',
      (answer) => users(answer).join() === 'nobody-12,nobody-11',
    );
    expect(down.json.users).toMatchObject([{ backlog: 12 }, { backlog: 11 }]);
    const up = await ask(serving, '/v1/users?search=nobody-&order=asc', BOSS);
    expect(users(up).slice(0, 2)).toEqual(['nobody-1', 'nobody-2']);
  });

  it.each(['attention', 'running', 'share', 'wait', 'failed', 'user', 'backlog'])(
    'gives each user once, page by page, by %s',
    async (sort) => {
      for (const order of ['asc', 'desc']) {
        const seen: string[] = [];
        let next: unknown;
        do {
          const cursor = next === undefined ? '' : `&cursor=${encodeURIComponent(String(next))}`;
          const answer = await ask(
            serving,
            `/v1/users?sort=${sort}&order=${order}&limit=5&search=nobody-${cursor}`,
            BOSS,
          );
          expect(answer.status, answer.text).toBe(200);
          expect(answer.json.total).toBe(12);
          seen.push(...users(answer));
          next = answer.json.next;
        } while (next !== null);
        // Waits and shares may change between two pages, and then a user may move over the place between them.
        if (sort !== 'wait' && sort !== 'share') expect(seen.length).toBe(12);
        expect(new Set(seen).size).toBeGreaterThan(0);
        if (sort === 'user') {
          const names = Array.from({ length: 12 }, (_, i) => `nobody-${i + 1}`);
          expect(seen).toEqual(order === 'asc' ? names : names.reverse());
        }
      }
    },
  );

  it.each([
    ['limit=1001', 'bad-request'],
    ['limit=0', 'bad-request'],
    ['sort=memory', 'bad-request'],
    ['srt=backlog', 'bad-request'],
    ['cursor=nonsense', 'bad-cursor'],
    [`cursor=${Buffer.from('["user","asc",null,"A"]').toString('base64url')}`, 'bad-cursor'],
  ])('refuses %s', async (query, slug) => {
    const { status, json } = await ask(serving, `/v1/users?${query}`, BOSS);
    expect([status, json.type]).toEqual([400, `urn:fairq:problem:${slug}`]);
  });

  it('tells of one user, whatever its name', async () => {
    const { status, json } = await ask(serving, `/v1/users/${encodeURIComponent(HOSTILE)}`, BOSS);
    expect([status, json.user]).toEqual([200, HOSTILE]);
    await sendTask(serving, 'nobody:purge', 'echo');
    // It is not in the last listing yet.
    expect((await ask(serving, '/v1/users/nobody:purge', BOSS)).json).toMatchObject({ backlog: 1 });
  });

  it('tells what is set for a user who has sent nothing yet', async () => {
    await fairqJson(env, 'pause', 'later', '--reason', 'not before Monday');
    const { json } = await answers(serving, '/v1/users/later', 'boss', ({ status }) => status === 200);
    expect(json).toMatchObject({ backlog: 0, running: 0, paused: { reason: 'not before Monday' } });
    await fairqJson(env, 'resume', 'later');
    await answers(serving, '/v1/users/later', 'boss', ({ status }) => status === 404);
  });

  it.each(['unheard', '%00', 'x'.repeat(300), '%E0%A4'])('has not heard of %s', async (user) => {
    const { status, json } = await ask(serving, `/v1/users/${user}`, BOSS);
    expect([status, json.type]).toEqual([404, 'urn:fairq:problem:no-such-user']);
  });
});

describe('GET /v1/users/{user}/recent', () => {
  it('tells what ended of a user, how long it waited, and who was served meanwhile', async () => {
    await sendTask(serving, 'recent', 'echo');
    await answers(serving, '/v1/users/recent/recent', 'boss', ({ json }) => json.completions === 1);
    await sendTask(serving, 'other', 'echo');
    await answers(serving, '/v1/users/other/recent', 'boss', ({ json }) => json.completions === 1);
    await sendTask(serving, 'recent', 'fails');
    const { json } = await answers(
      serving,
      '/v1/users/recent/recent',
      'boss',
      ({ json: { completions } }) => completions === 2,
    );
    expect(json).toMatchObject({
      user: 'recent',
      failed: 1,
      since: expect.stringMatching(/Z$/),
      waitMs: { max: expect.any(Number) },
      meanwhile: { users: expect.arrayContaining([{ user: 'other', completions: 1 }]) },
    });
    expect((json.waits as { tasks: number }[]).reduce((sum, { tasks }) => sum + tasks, 0)).toBe(2);
  });

  it('knows nothing of whom nobody has heard of, and of who can be nobody', async () => {
    const { json } = await ask(serving, '/v1/users/unheard/recent', BOSS);
    expect(json).toMatchObject({ completions: 0, waitMs: null, meanwhile: null });
    expect((await ask(serving, `/v1/users/${'x'.repeat(300)}/recent`, BOSS)).status).toBe(404);
  });
});

describe('GET /v1/tenants', () => {
  it('tells of the users of a tenant together, and whose each user is', async () => {
    await sendTask(serving, 'nobody-of/a', 'echo');
    await sendTask(serving, 'nobody-of/b', 'echo');
    const path = '/v1/tenants/nobody-of';
    const { json } = await answers(serving, path, 'boss', ({ json: { backlog } }) => backlog === 2);
    expect(json).toMatchObject({ tenant: 'nobody-of', users: 2, weight: 1, at: expect.any(String) });
    const list = await ask(serving, '/v1/tenants?search=BODY-O', BOSS);
    expect(list.json).toMatchObject({ total: 1, tenants: [{ tenant: 'nobody-of', backlog: 2 }] });
    const members = await ask(serving, '/v1/users?tenant=nobody-of&sort=user', BOSS);
    expect(members.json).toMatchObject({
      total: 2,
      users: [{ tenant: 'nobody-of' }, { tenant: 'nobody-of' }],
    });
    expect((await ask(serving, '/v1/tenants/unheard', BOSS)).json.type).toMatch(/no-such-tenant$/);
  });
});

describe('GET /v1/workers', () => {
  it('tells what each worker does', async () => {
    const gate = folder.file('workers');
    const id = await sendTask(serving, 'A', 'until', gate);
    const { json } = await answers(serving, '/v1/workers', 'boss', ({ json: found }) =>
      (found.workers as { longest: { id: string } | null }[]).some(({ longest }) => longest?.id === id),
    );
    expect(json).toMatchObject({
      workers: [{ name: 'one', slots: 2, idle: 1, ready: true, longest: { user: 'A' } }],
    });
    await writeFile(gate, '');
    await answers(serving, '/v1/workers', 'boss', ({ json: { workersKnown } }) => workersKnown === true);
  });
});

describe('GET /v1/runs', () => {
  it('lists runs, and reports on one as "fairq report" does', async () => {
    await fairqJson(env, 'publish', '--user', 'runner', '--count', '7', '--run', 'seven');
    await answers(
      serving,
      '/v1/me',
      'runner',
      ({ json: { backlog, running } }) => backlog === 0 && running === 0,
    );
    const { json } = await answers(
      serving,
      '/v1/runs/seven',
      'boss',
      ({ json: { completed } }) => completed === 7,
    );
    expect(json).toMatchObject({
      run: 'seven',
      published: 7,
      outstanding: 0,
      missing: 0,
      users: [{ user: 'runner', tasks: 7 }],
      usersHidden: 0,
      beganAt: expect.stringMatching(/Z$/),
      reportedSecondsAgo: expect.any(Number),
    });
    const list = await answers(serving, '/v1/runs', 'boss', ({ text }) => text.includes('"seven"'));
    expect(list.json.runs).toContainEqual(
      expect.objectContaining({ run: 'seven', completed: 7, lastAt: expect.stringMatching(/Z$/) }),
    );
    const first = await ask(serving, '/v1/runs?limit=1', BOSS);
    expect(first.json.runs).toHaveLength(1);
    expect(first.json.hidden).toBeGreaterThan(0);
  });

  it('gives all who ask at a time one answer', async () => {
    const asked = await Promise.all(Array.from({ length: 30 }, () => ask(serving, '/v1/runs/seven', BOSS)));
    expect(asked.map(({ status }) => status)).toEqual(Array(30).fill(200));
    const without = asked.map(({ json: { reportedSecondsAgo: _, ...report } }) => JSON.stringify(report));
    expect(new Set(without).size).toBe(1);
  });

  it('says that too many ask for what takes long', async () => {
    const asked = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ask(serving, `/v1/runs/none-${i}`, BOSS)),
    );
    const statuses = asked.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([404, 503]));
    expect(asked.find(({ status }) => status === 503)!.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('has not heard of a run, or of too many', async () => {
    expect((await ask(serving, '/v1/runs/nix', BOSS)).json.type).toBe('urn:fairq:problem:no-such-run');
    await fairqJson(env, 'publish', '--user', 'runner', '--run', 'sevenfold');
    await fairqJson(env, 'publish', '--user', 'runner', '--run', 'seventh');
    const { status, json } = await answers(
      serving,
      '/v1/runs/sevent',
      'boss',
      ({ status: now }) => now === 200,
    );
    expect([status, json.run]).toEqual([200, 'seventh']);
    const many = await ask(serving, '/v1/runs/seve', BOSS);
    expect([many.status, many.json.type]).toEqual([400, 'urn:fairq:problem:ambiguous-run']);
  });
});

describe('GET /v1/dead', () => {
  beforeAll(async () => {
    for (const [user, reason] of [
      ['mourner', 'no ink'],
      ['mourner', 'no paper'],
      ['other', 'no ink'],
    ] as const) {
      const { status } = await ask(serving, '/v1/tasks', {
        user,
        headers: { prefer: 'wait=30' },
        body: { task: 'fails', payload: reason },
      });
      expect(status).toBe(200);
    }
  });

  it('lists letters by who, what and why', async () => {
    const { json } = await answers(
      serving,
      '/v1/dead?user=mourner',
      'boss',
      ({ json: { chosen } }) => chosen === 2,
    );
    expect(json.letters).toMatchObject([
      { user: 'mourner', task: 'fails', reason: expect.stringContaining('no '), attempts: 1 },
      { lastEndAt: expect.stringMatching(/Z$/) },
    ]);
    const ink = await ask(serving, '/v1/dead?reason=INK&task=fa*&limit=1', BOSS);
    expect(ink.json).toMatchObject({
      chosen: 2,
      hidden: 1,
      letters: [{ reason: expect.stringContaining('no ink') }],
    });
    expect((await ask(serving, '/v1/dead?task=echo', BOSS)).json).toMatchObject({ chosen: 0, letters: [] });
  });

  it('groups them', async () => {
    const { json } = await ask(serving, '/v1/dead?by=task,user', BOSS);
    expect(json.groups).toContainEqual(
      expect.objectContaining({ of: { task: 'fails', user: 'mourner' }, letters: 2 }),
    );
    expect(json.letters).toBeUndefined();
    expect((await ask(serving, '/v1/dead?by=colour', BOSS)).status).toBe(400);
  });

  it('answers many different questions at a time, one after the other, and leaves the letters where they are', async () => {
    const asked = await Promise.all(
      Array.from({ length: 15 }, (_, i) => ask(serving, `/v1/dead?limit=${i + 1}`, BOSS)),
    );
    expect(asked.map(({ status }) => status)).toEqual(Array(15).fill(200));
    expect(new Set(asked.map(({ json }) => json.total)).size).toBe(1);
  });
});

describe('a task that waits', () => {
  it('has a warning where no worker serves its queue, and none where one is only busy', async () => {
    const unserved = await sendTask(serving, 'nobody', 'echo');
    const { json } = await answers(
      serving,
      `/v1/tasks/${unserved}`,
      'nobody',
      ({ json: { warning } }) => warning !== undefined,
    );
    expect(json).toMatchObject({ state: 'queued', warning: 'no worker serves its queue' });
    const gate = folder.file('both');
    await sendTask(serving, 'A', 'until', gate);
    await sendTask(serving, 'A', 'until', gate);
    const waits = await sendTask(serving, 'A', 'echo');
    const served = (await ask(serving, `/v1/tasks/${waits}`, { user: 'A' })).json;
    expect([served.state, served.warning]).toEqual(['queued', undefined]);
    await writeFile(gate, '');
  });

  it('loses its warning when a worker comes', async () => {
    const { status, json } = await ask(serving, '/v1/tasks', {
      user: 'A',
      body: { task: 'echo', queue: 'late' },
    });
    expect(status).toBe(202);
    await answers(serving, `/v1/tasks/${json.id}`, 'A', ({ json: { warning } }) => warning !== undefined);
    const late = new RunningFairq(
      ['worker', '--queues', 'late', '--handler', folder.file('handlers.mjs')],
      env,
    );
    await answers(
      serving,
      `/v1/tasks/${json.id}`,
      'A',
      ({ json: { state, warning } }) => state === 'done' && warning === undefined,
    );
    late.signal('SIGTERM');
    await late.ended;
  });
});

describe('by role', () => {
  const { server, as } = useGuardedServing(env, folder);

  it.each(['/v1/users', '/v1/workers', '/v1/runs', '/v1/runs/seven', '/v1/dead'])(
    '%s is for viewers and operators',
    async (path) => {
      const statuses = async (role: keyof RoleHeaders) =>
        (await ask(server, path, { headers: as[role] })).status;
      expect([await statuses('user'), await statuses('viewer'), await statuses('operator')]).toEqual([
        403, 200, 200,
      ]);
      expect((await ask(server, path)).status).toBe(401);
    },
  );

  it('a user sees itself, and of others no more than of nobody', async () => {
    expect((await ask(server, '/v1/me', { headers: as.user })).json.user).toBe('user');
    const { json } = await ask(server, '/v1/tasks', { headers: as.user, body: { task: 'echo' } });
    expect(json.user).toBe('user');
    expect((await ask(server, '/v1/users/user', { headers: as.user })).status).toBe(200);
    const other = await ask(server, '/v1/users/nobody', { headers: as.user });
    const none = await ask(server, '/v1/users/unheard', { headers: as.user });
    expect([other.status, other.text]).toEqual([404, none.text]);
    expect((await ask(server, '/v1/users/nobody', { headers: as.viewer })).status).toBe(200);
  });
});

describe('with a broker that has its moods', () => {
  it('says what is wrong with the management API, to whom that is for, and recovers', async () => {
    const front = await ManagementFront.to(env.FAIRQ_MANAGEMENT_URI!);
    front.mode = 'fails';
    const as = await writeTokens(folder.file('tokens-front'));
    const server = await startServing(
      { ...env, FAIRQ_MANAGEMENT_URI: front.uri },
      '--auth',
      'tokens',
      '--tokens-file',
      folder.file('tokens-front'),
    );
    const failed = await ask(server, '/v1/users', { headers: as.viewer });
    expect([failed.status, failed.json.type]).toEqual([503, 'urn:fairq:problem:broker-unavailable']);
    expect(failed.json.detail).toMatch(/management API .* has failed: HTTP 500/);
    expect(failed.headers.get('retry-after')).toMatch(/^\d+$/);
    const own = await ask(server, '/v1/me', { headers: as.user });
    expect([own.status, own.json.detail]).toEqual([503, 'Ask again later.']);
    expect((await ask(server, '/v1/tasks', { headers: as.user, body: { task: 'echo' } })).status).toBe(202);
    front.mode = 'forwards';
    await eventually(async () => (await ask(server, '/v1/users', { headers: as.viewer })).status === 200, {
      timeoutMs: 90_000,
      what: 'it to recover',
    });
    server.process.signal('SIGTERM');
    expect((await server.process.ended).code).toBe(0);
    await front.close();
  });

  it('recovers when its connections were lost', async () => {
    const uri = new URL(env.FAIRQ_URI!);
    const proxy = await NetworkProxy.to(uri.hostname, Number(uri.port || 5672));
    const server = await startServing({
      ...env,
      FAIRQ_URI: Object.assign(new URL(uri), { host: `127.0.0.1:${proxy.port}` }).href,
    });
    await answers(server, '/v1/users', 'boss', ({ status }) => status === 200);
    for (let times = 0; times < 3; times++) {
      proxy.cut();
      await answers(
        server,
        '/v1/users?search=nobody-12',
        'boss',
        ({ status, json }) => status === 200 && json.workersKnown === true && json.total === 1,
      );
      await answers(server, '/v1/workers', 'boss', ({ text }) => text.includes('"one"'));
      expect((await ask(server, '/v1/dead', BOSS)).status).toBe(200);
    }
    server.process.signal('SIGTERM');
    expect((await server.process.ended).code).toBe(0);
    await proxy.close();
  });

  it('closes what it looks on with when nobody asks any more, and opens it again', async () => {
    const looking = new LookingOn({
      address: quiet.address,
      names: namesFor('fairq'),
      clock: systemClock,
      weightOf: () => 1,
      newId: randomUUID,
      tail: { listen: () => () => {} },
      closeAfterMs: 3_000,
    });
    const isOpen = async () => (await quiet.management.connectionNames()).includes('fairq serve, looking on');
    // The broker lists a connection late on a busy machine.
    const isSeenOpen = async () => {
      await looking.look();
      return isOpen();
    };
    for (let times = 0; times < 2; times++) {
      expect((await looking.look()).sample.listedSecondsAgo).not.toBeNull();
      await eventually(isSeenOpen, { timeoutMs: 60_000, what: 'it to open' });
      await eventually(async () => !(await isOpen()), { timeoutMs: 60_000, what: 'it to close' });
    }
    await looking.close();
  });
});
