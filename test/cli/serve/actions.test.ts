import { writeFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { takeLock } from '../../../src/broker/queues/lock.js';
import { PlanTokens } from '../../../src/serve/actions/plan-token.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { NetworkProxy } from '../../support/network-proxy.js';
import {
  ask,
  type HttpAnswer,
  type Serving,
  sendTask,
  slug,
  startServing,
  useGuardedServing,
  useServedWorker,
  useServing,
} from '../../support/serving.js';
import { useConnection, useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const env = {
  ...vhost.env,
  get XDG_STATE_HOME() {
    return folder.file('state');
  },
};
const connection = useConnection(vhost);
const serving = useServing(env);
useServedWorker(env, folder, '--max-attempts', '1', '--exclude', 'fairq.user.idle*');

const PATHS = [
  '/v1/users/A:purge',
  '/v1/users/A:delete',
  '/v1/queues:prune',
  '/v1/dead:redrive',
  '/v1/dead:discard',
] as const;

const act = (path: string, body: object = {}, server: Pick<Serving, 'url'> = serving): Promise<HttpAnswer> =>
  ask(server, path, { user: 'boss', body });

async function planOf(path: string, body: object = {}): Promise<Record<string, unknown> & { token: string }> {
  const { status, json, text } = await act(path, body);
  expect(status, text).toBe(200);
  expect(json).toMatchObject({
    carriedOut: false,
    token: expect.any(String),
    expiresAt: expect.stringMatching(/Z$/),
  });
  return json as Record<string, unknown> & { token: string };
}

async function sendTo(user: string, count: number): Promise<void> {
  await fairqJson(env, 'publish', '--user', user, '--count', `${count}`);
}

describe('POST /v1/users/{user}:purge', () => {
  it('says what would be thrown away, throws it away with the token, and tells the log', async () => {
    await sendTo('idle-1', 3);
    const plan = await planOf('/v1/users/idle-1:purge');
    expect(plan).toMatchObject({ action: 'purge', user: 'idle-1', queue: 'fairq.user.idle-1', tasks: 3 });
    expect(await vhost.ready('fairq.user.idle-1')).toBe(3);
    const { status, json } = await act('/v1/users/idle-1:purge', { token: plan.token });
    expect([status, json]).toMatchObject([200, { carriedOut: true, tasks: 3 }]);
    expect(await vhost.ready('fairq.user.idle-1')).toBe(0);
    await serving.process.says(/purge of user "idle-1" by "boss": tasks 3/);
    // The queue is bound again.
    await sendTask(serving, 'idle-1', 'echo');
    expect(await vhost.ready('fairq.user.idle-1')).toBe(1);
  });

  it('takes the plan of another server', async () => {
    await sendTo('idle-2', 2);
    const other = await startServing(env);
    const { token } = await planOf('/v1/users/idle-2:purge');
    expect((await act('/v1/users/idle-2:purge', { token }, other)).json).toMatchObject({
      carriedOut: true,
      tasks: 2,
    });
    other.process.signal('SIGTERM');
    await other.process.ended;
  });

  it('does nothing where there are more tasks than were planned, and has a new plan then', async () => {
    await sendTo('idle-3', 2);
    const { token } = await planOf('/v1/users/idle-3:purge');
    await sendTo('idle-3', 1);
    const answer = await act('/v1/users/idle-3:purge', { token });
    expect(slug(answer)).toBe('409 plan-changed');
    expect(answer.json.plan).toMatchObject({ carriedOut: false, tasks: 3 });
    expect(await vhost.ready('fairq.user.idle-3')).toBe(3);
    const { token: newer } = answer.json.plan as { token: string };
    expect((await act('/v1/users/idle-3:purge', { token: newer })).json.tasks).toBe(3);
  });

  it('does nothing where the queue has gone', async () => {
    await sendTo('idle-4', 1);
    const { token } = await planOf('/v1/users/idle-4:purge');
    await vhost.channel.deleteQueue('fairq.user.idle-4');
    const answer = await act('/v1/users/idle-4:purge', { token });
    expect([slug(answer), answer.json.plan]).toEqual(['409 plan-changed', null]);
    expect(slug(await act('/v1/users/idle-4:purge'))).toBe('404 no-such-queue');
    expect(slug(await act(`/v1/users/${'x'.repeat(300)}:purge`))).toBe('404 no-such-queue');
  });

  it('takes users of any name, and shows them safely in the log', async () => {
    const user = 'idle "><img src=x>\u202e\n/:purge';
    await sendTo(user, 1);
    const path = `/v1/users/${encodeURIComponent(user)}:purge`;
    const { token } = await planOf(path);
    expect((await act(path, { token })).json).toMatchObject({ user, tasks: 1 });
    await serving.process.says(
      /purge of user "idle \\"><img src=x>\\u\{202e\}\\n\/:purge" by "boss": tasks 1/,
    );
  });
});

describe('what is asked for a user without a queue of its own', () => {
  it('is refused with the reason where light users share queues', async () => {
    const sharing = { ...env, FAIRQ_PREFIX: 'sharing' };
    await fairqJson(sharing, 'units', 'set', 'shared:4', '--yes');
    await fairqJson(sharing, 'publish', '--user', 'light', '--count', '1');
    const server = await startServing(sharing);
    for (const action of ['purge', 'delete']) {
      const { status, json } = await act(`/v1/users/light:${action}`, {}, server);
      expect([status, json]).toEqual([
        404,
        expect.objectContaining({ detail: expect.stringContaining('in a queue that light users share') }),
      ]);
    }
    server.process.signal('SIGTERM');
    await server.process.ended;
  });
});

describe('POST /v1/users/{user}:delete', () => {
  it('deletes an empty queue', async () => {
    await sendTask(serving, 'gone', 'echo');
    await eventually(async () => (await vhost.ready('fairq.user.gone')) === 0, {
      timeoutMs: 60_000,
      what: 'it runs',
    });
    const { token } = await planOf('/v1/users/gone:delete');
    const { status, json } = await act('/v1/users/gone:delete', { token });
    expect([status, json]).toMatchObject([200, { carriedOut: true, tasks: 0 }]);
    expect(await vhost.ready('fairq.user.gone')).toBeUndefined();
    await serving.process.says(/delete of user "gone" by "boss"/);
  });

  it('deletes one with tasks only where that is said, and no more of them than were planned', async () => {
    await sendTo('idle-5', 2);
    const refused = await act('/v1/users/idle-5:delete');
    expect([slug(refused), refused.json.tasks]).toEqual(['409 queue-has-tasks', 2]);
    const { token } = await planOf('/v1/users/idle-5:delete', { withTasks: true });
    await sendTo('idle-5', 1);
    const changed = await act('/v1/users/idle-5:delete', { token });
    expect(slug(changed)).toBe('409 plan-changed');
    expect(await vhost.ready('fairq.user.idle-5')).toBe(3);
    const { token: newer } = changed.json.plan as { token: string };
    expect((await act('/v1/users/idle-5:delete', { token: newer })).json).toMatchObject({ tasks: 3 });
    expect(await vhost.ready('fairq.user.idle-5')).toBeUndefined();
  });

  it('gives no plan to throw away what came to a queue that was planned to be empty', async () => {
    await sendTo('idle-6', 1);
    await vhost.channel.purgeQueue('fairq.user.idle-6');
    const { token } = await planOf('/v1/users/idle-6:delete');
    await sendTo('idle-6', 1);
    const changed = await act('/v1/users/idle-6:delete', { token });
    expect([slug(changed), changed.json.plan]).toEqual(['409 plan-changed', null]);
    expect(await vhost.ready('fairq.user.idle-6')).toBe(1);
  });

  it('leaves a queue whose task a worker runs', async () => {
    const gate = folder.file('delete');
    const id = await sendTask(serving, 'used', 'until', gate);
    const state = async () => (await ask(serving, `/v1/tasks/${id}`, { user: 'used' })).json.state;
    await eventually(async () => (await state()) === 'started', { timeoutMs: 60_000, what: 'it runs' });
    const { token } = await planOf('/v1/users/used:delete');
    expect(slug(await act('/v1/users/used:delete', { token }))).toBe('409 queue-in-use');
    expect(await vhost.ready('fairq.user.used')).toBe(0);
    await writeFile(gate, '');
    await eventually(async () => (await state()) === 'done', { timeoutMs: 60_000, what: 'it ends' });
  });
});

describe('POST /v1/queues:prune', () => {
  const plannedAll = (match: string, queues: number) =>
    eventually(
      async () => {
        // The broker's counters come late on a busy machine: a queue whose counters move on was used, as it seems.
        const plan = await planOf('/v1/queues:prune', { observe: '4s', match });
        return plan.queues === queues && plan;
      },
      { timeoutMs: 90_000, what: `${queues} queues are idle` },
    );

  const emptied = async (...users: string[]) => {
    for (const user of users) {
      await sendTo(user, 1);
      await vhost.channel.purgeQueue(`fairq.user.${user}`);
    }
  };

  it('deletes the queues of the plan, and keeps one that was used meanwhile and one that is gone', async () => {
    await emptied('idle-p1', 'idle-p2', 'idle-p3', 'idle-p4');
    await sendTo('idle-p5', 1);
    const plan = await plannedAll('idle-p*', 4);
    expect(plan).toMatchObject({ action: 'prune', beyondMax: 0 });
    expect((plan.examples as { user: string }[]).map(({ user }) => user).sort()).toEqual([
      'idle-p1',
      'idle-p2',
      'idle-p3',
      'idle-p4',
    ]);
    await sendTo('idle-p2', 1);
    await vhost.channel.deleteQueue('fairq.user.idle-p3');
    const { status, json } = await act('/v1/queues:prune', { token: plan.token });
    expect([status, json]).toMatchObject([
      200,
      { carriedOut: true, pruned: 2, kept: 2, failed: 0, notBegun: 0 },
    ]);
    expect(await vhost.ready('fairq.user.idle-p1')).toBeUndefined();
    expect(await vhost.ready('fairq.user.idle-p2')).toBe(1);
    await serving.process.says(/prune by "boss": pruned 2, kept 2, failed 0/);
  });

  it('keeps a queue that was used and is empty again', async () => {
    await emptied('idle-q1');
    const { token } = await plannedAll('idle-q*', 1);
    const published = async () =>
      (await vhost.management.countedQueues()).find(({ name }) => name === 'fairq.user.idle-q1')?.published;
    const before = await published();
    // The broker's counters are some seconds old, and a busy one leaves some out.
    const isCounted = async () => {
      await emptied('idle-q1');
      return (await published()) !== before;
    };
    await eventually(isCounted, { timeoutMs: 60_000, what: 'the broker has counted' });
    const { json } = await act('/v1/queues:prune', { token });
    expect(json).toMatchObject({
      pruned: 0,
      kept: 1,
      outcomes: [{ reason: expect.stringContaining('was used') }],
    });
  });

  it('touches nothing that no plan of its own could name', async () => {
    const tokens = new PlanTokens(JSON.stringify([vhost.address.vhost, 'fairq']), Date.now);
    const names = ['fairq.events', 'fairq.dead', 'reports', 'fairq.user.idle-p5'];
    await vhost.channel.assertQueue('reports');
    const { token } = tokens.make('prune', { queues: names.map((name) => [name, '0 0 0']) });
    const { status, json } = await act('/v1/queues:prune', { token });
    expect([status, json]).toMatchObject([200, { pruned: 0, kept: 4 }]);
  });

  it('watches the queues where it is told to', async () => {
    await emptied('idle-w1');
    const observed = async () =>
      (await planOf('/v1/queues:prune', { observe: '1s', match: 'idle-w1' })).queues === 1;
    await eventually(observed, { timeoutMs: 90_000, what: 'it is seen idle for 1 s' });
    expect((await planOf('/v1/queues:prune', { match: 'idle-w1' })).tooSoon).toBe(1);
  });

  it.each([
    [{ idleFor: 'long' }],
    [{ idleFor: '1s', observe: '1s' }],
    [{ observe: '2h' }],
    [{ max: 0 }],
    [{ includeForeign: true }],
    [{ token: 'x', match: 'A' }],
  ])('refuses %j', async (body) => {
    expect(slug(await act('/v1/queues:prune', body))).toBe('400 bad-request');
  });
});

describe('POST /v1/dead:redrive and :discard', () => {
  const bury = async (user: string, reason: string) => {
    const { status } = await ask(serving, '/v1/tasks', {
      user,
      headers: { prefer: 'wait=30' },
      body: { task: 'fails', payload: reason },
    });
    expect(status).toBe(200);
  };
  const chosen = async (path: string, body: object, count: number) =>
    eventually(
      async () => {
        const plan = await planOf(path, body);
        return plan.chosen === count && plan;
      },
      { timeoutMs: 60_000, what: `${count} dead letters` },
    );

  it('sends exactly the letters of the plan back', async () => {
    for (const reason of ['one', 'two', 'three']) await bury('back', reason);
    const plan = await chosen('/v1/dead:redrive', { user: 'back', max: 2 }, 2);
    expect(plan).toMatchObject({
      beyondMax: 1,
      byUser: [{ user: 'back', letters: 2 }],
      examples: [{ reason: expect.stringContaining('two') }, { reason: expect.stringContaining('one') }],
    });
    const { json } = await act('/v1/dead:redrive', { token: plan.token });
    expect(json).toMatchObject({ carriedOut: true, done: 2, kept: [], gone: 0 });
    await serving.process.says(/redrive by "boss": done 2/);
    // They fail once more.
    await chosen('/v1/dead:redrive', { user: 'back' }, 3);
  });

  it('throws them away, and does nothing where some are gone', async () => {
    for (const reason of ['four', 'five']) await bury('away', reason);
    const both = await chosen('/v1/dead:discard', { user: 'away', task: 'fails' }, 2);
    const one = await planOf('/v1/dead:discard', { reason: 'four' });
    expect((await act('/v1/dead:discard', { token: one.token })).json).toMatchObject({ done: 1 });
    const changed = await act('/v1/dead:discard', { token: both.token });
    expect(slug(changed)).toBe('409 plan-changed');
    expect(changed.json.plan).toMatchObject({
      chosen: 1,
      examples: [{ reason: expect.stringContaining('five') }],
    });
    const { token } = changed.json.plan as { token: string };
    expect((await act('/v1/dead:discard', { token })).json).toMatchObject({ done: 1 });
    const none = await act('/v1/dead:discard', { token });
    expect([slug(none), none.json.plan]).toEqual(['409 plan-changed', null]);
  });

  it('is done once where two ask for the same at a time', async () => {
    await bury('twice', 'six');
    const { token } = await chosen('/v1/dead:discard', { user: 'twice' }, 1);
    const answers = await Promise.all([1, 2, 3].map(() => act('/v1/dead:discard', { token })));
    const done = answers.filter(({ status }) => status === 200);
    expect(done.reduce((sum, { json }) => sum + Number(json.done), 0)).toBe(1);
    for (const answer of answers) {
      if (answer.status !== 200) expect(['409 busy', '409 plan-changed']).toContain(slug(answer));
    }
  });

  it.each([
    [{}, '400 bad-request'],
    [{ all: true, user: 'A' }, '400 bad-request'],
    [{ id: 'nix' }, '404 no-such-letter'],
  ])('refuses %j', async (body, expected) => {
    expect(slug(await act('/v1/dead:redrive', body))).toBe(expected);
  });
});

describe('a token', () => {
  const place = () => JSON.stringify([vhost.address.vhost, 'fairq']);
  beforeAll(() => sendTo('idle-t', 1));

  it.each<[string, () => Promise<string> | string]>([
    ['that is none', () => 'nonsense'],
    ['that is empty', () => ''],
    ['of another action', async () => (await planOf('/v1/users/idle-t:delete', { withTasks: true })).token],
    [
      'of another user',
      async () => {
        await sendTo('idle-u', 1);
        return (await planOf('/v1/users/idle-u:purge')).token;
      },
    ],
    [
      'of another vhost',
      () =>
        new PlanTokens('["/","fairq"]', Date.now).make('purge', { queue: 'fairq.user.idle-t', ready: 1 })
          .token,
    ],
    [
      'of the future',
      () =>
        new PlanTokens(place(), () => Date.now() + 3_600_000).make('purge', {
          queue: 'fairq.user.idle-t',
          ready: 1,
        }).token,
    ],
    ['that grows beyond all measure', () => deflateRawSync(Buffer.alloc(200_000_000)).toString('base64url')],
  ])('%s does nothing', async (_, make) => {
    const token = await make();
    expect(slug(await act('/v1/users/idle-t:purge', { token }))).toBe('400 bad-token');
    expect(await vhost.ready('fairq.user.idle-t')).toBe(1);
  });

  it('that is older than ten minutes does nothing', async () => {
    const tokens = new PlanTokens(place(), () => Date.now() - 601_000);
    const { token } = tokens.make('purge', { queue: 'fairq.user.idle-t', ready: 1 });
    expect(slug(await act('/v1/users/idle-t:purge', { token }))).toBe('409 plan-expired');
    expect(await vhost.ready('fairq.user.idle-t')).toBe(1);
  });
});

describe('while somebody else is at work', () => {
  it('a pruner: purge, delete and prune are refused', async () => {
    await sendTo('idle-l', 1);
    const [purge, remove, prune] = [
      await planOf('/v1/users/idle-l:purge'),
      await planOf('/v1/users/idle-l:delete', { withTasks: true }),
      await planOf('/v1/queues:prune'),
    ];
    const lock = await takeLock(connection.current, 'fairq.prune');
    try {
      expect(slug(await act('/v1/users/idle-l:purge', { token: purge.token }))).toBe('409 busy');
      expect(slug(await act('/v1/users/idle-l:delete', { token: remove.token }))).toBe('409 busy');
      expect(slug(await act('/v1/queues:prune', { token: prune.token }))).toBe('409 busy');
    } finally {
      await lock!.release();
    }
    expect(await vhost.ready('fairq.user.idle-l')).toBe(1);
  });

  it('a "fairq dead": redrive and discard are refused', async () => {
    const lock = await takeLock(connection.current, 'fairq.dead.lock');
    try {
      const answer = await act('/v1/dead:redrive', { all: true });
      expect(slug(answer)).toBe('409 busy');
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await lock!.release();
    }
  });
});

describe('by role', () => {
  const { server, as } = useGuardedServing(env, folder);
  beforeAll(() => sendTo('A', 1));

  it.each(PATHS)('%s is for operators', async (path) => {
    const body = path.startsWith('/v1/dead') ? { all: true } : {};
    const status = async (headers: Record<string, string>) =>
      (await ask(server, path, { headers, body })).status;
    expect([await status({}), await status(as.user), await status(as.viewer)]).toEqual([401, 403, 403]);
    expect(await status(as.operator)).toBe(200);
    // A plan gives nobody a right.
    const { json } = await ask(server, path, { headers: as.operator, body });
    const carryOut = { headers: as.viewer, body: { token: json.token as string } };
    expect((await ask(server, path, carryOut)).status).toBe(403);
  });
});

/** How AMQP numbers the method `queue.unbind`: class 50, method 50. */
const QUEUE_UNBIND = Buffer.from([0, 50, 0, 50]);

describe('when the connection is lost meanwhile', () => {
  it('says so, and the queue is bound again', async () => {
    const uri = new URL(vhost.env.FAIRQ_URI!);
    const proxy = await NetworkProxy.to(uri.hostname, Number(uri.port || 5672));
    const server = await startServing({
      ...env,
      FAIRQ_URI: Object.assign(new URL(uri), { host: `127.0.0.1:${proxy.port}` }).href,
    });
    await sendTo('idle-cut', 2);
    const bound = async () => (await vhost.management.boundQueues('fairq')).has('fairq.user.idle-cut');
    const { token } = (await act('/v1/users/idle-cut:purge', {}, server)).json;
    // The broker unbinds the queue, and the server does not hear of it.
    proxy.swallowAfter(QUEUE_UNBIND, 'toBroker', 'toClient');
    const answered = act('/v1/users/idle-cut:purge', { token }, server);
    await eventually(async () => !(await bound()), { timeoutMs: 60_000, what: 'it is unbound' });
    proxy.heal();
    const answer = await answered;
    expect(slug(answer)).toBe('503 action-cut-off');
    expect(answer.json.detail).toMatch(/is not known/);
    await server.process.says(/purge of user "idle-cut" by "boss": cutOff /);
    await sendTo('idle-cut', 1);
    await eventually(bound, { timeoutMs: 60_000, what: 'it is bound' });
    server.process.signal('SIGTERM');
    expect((await server.process.ended).code).toBe(0);
    await proxy.close();
  });
});
