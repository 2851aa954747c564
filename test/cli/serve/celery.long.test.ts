import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCelery, useCelery } from '../../support/celery.js';
import { eventually } from '../../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { ask, type Serving, startServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const PREFIX = 'usersequence_';

describe.skipIf(!hasCelery)("a Celery application's workers behind the server", () => {
  const celery = useCelery(folder);
  let servers: Serving[] = [];

  beforeAll(async () => {
    celery.broker = env.FAIRQ_URI!;
    servers = await Promise.all([0, 1].map(() => startServing(env, '--celery', '--queue-prefix', PREFIX)));
  });
  afterAll(async () => {
    for (const { process } of servers) process.signal('SIGTERM');
    for (const { process } of servers) expect((await process.ended).code).toBe(0);
  });

  const post = (user: string, body: object, headers: Record<string, string> = { prefer: 'wait=30' }) =>
    ask(servers[0]!, '/v1/tasks', { user, body, headers });

  it('run what is sent, from queues that they are told to consume, and each server knows the result', async () => {
    await celery.worker('celery');
    const { status, json, text } = await post('ann', { task: 'tasks.double', args: [21], kwargs: { by: 3 } });
    expect([status, json.result], text).toEqual([200, 63]);
    expect(json).toMatchObject({ state: 'done', user: 'ann', queue: `${PREFIX}ann`, worker: 'celery' });
    expect(json).not.toHaveProperty('startedAt');
    const other = await ask(servers[1]!, `/v1/tasks/${json.id}`, { user: 'ann' });
    expect([other.status, other.json.result]).toEqual([200, 63]);
    expect(await fairqJson<object>(env, 'task', String(json.id))).toMatchObject({
      state: 'done',
      result: 63,
    });
  });

  it('tell why a task has failed, and get numbers as they were written', async () => {
    const failed = await post('ann', { task: 'tasks.complain', args: ['no such page'] });
    expect(failed.json).toMatchObject({ state: 'failed', error: 'ValueError: no such page' });
    const body = '{"task":"tasks.written","args":[9007199254740993, 1.0]}';
    const { text } = await ask(servers[0]!, '/v1/tasks', {
      user: 'ann',
      body,
      headers: { prefer: 'wait=30' },
    });
    expect(text).toContain('(9007199254740993, 1.0)');
  });

  it('are told again to consume a queue when they were started again', async () => {
    const sent = await post('bob', { task: 'tasks.double', args: [1] });
    expect(sent.json.result).toBe(2);
    await celery.end();
    await eventually(async () => (await vhost.channel.checkQueue(`${PREFIX}bob`)).consumerCount === 0, {
      timeoutMs: 60_000,
      what: 'nobody consumes the queue',
    });
    const { json } = await post('bob', { task: 'tasks.double', args: [2] }, {});
    await celery.worker('celery');
    const state = async () => (await ask(servers[1]!, `/v1/tasks/${json.id}`, { user: 'bob' })).json.state;
    // The next task makes the server look, and then both are run.
    await eventually(
      async () => {
        await post('bob', { task: 'tasks.noop' }, {});
        return (await state()) === 'done';
      },
      { timeoutMs: 60_000, what: 'the task is done' },
    );
  });

  it('may be those of fairq, whose answers count once', async () => {
    await celery.end();
    const module = folder.file('celery.mjs');
    await writeFile(module, "export default { 'mine.add': ({ args: [a, b] }) => a + b };\n");
    const flags = ['worker', '--celery', '--queue-prefix', PREFIX, '--handler', module];
    const worker = new RunningFairq(flags, env);
    await worker.says(/ready/);
    const { json, text } = await post('cid', { task: 'mine.add', args: [1, 2] });
    expect(json, text).toMatchObject({ state: 'done', startedAt: expect.any(String) });
    worker.signal('SIGTERM');
    await worker.ended;
  });

  it('do not start before a moment', async () => {
    await celery.worker('celery');
    const runAt = new Date(Date.now() + 2_000).toISOString();
    const { json } = await post('ann', { task: 'tasks.double', args: [4], runAt });
    expect(json).toMatchObject({ state: 'done', result: 8 });
    // Celery's own timer goes off a tenth of a second early at times.
    expect(Date.parse(String(json.finishedAt))).toBeGreaterThan(Date.parse(runAt) - 1_000);
  });

  it.each([
    [{ task: 'tasks.double', payload: 21 }, 'bad-request'],
    [{ task: 'tasks.double', args: { x: 1 } }, 'bad-request'],
    [{ task: 'tasks.double', queue: 'reports' }, 'bad-request'],
    [{ task: 'tasks.double', user: 'bob' }, 'foreign-user'],
  ])('are not sent %j', async (body, slug) => {
    expect((await post('ann', body)).json.type).toBe(`urn:fairq:problem:${slug}`);
  });

  it.each([
    ['GET', '/v1/me'],
    ['GET', '/v1/users'],
    ['GET', '/v1/users/ann'],
    ['POST', '/v1/users/ann:purge'],
    ['POST', '/v1/users/ann:delete'],
    ['POST', '/v1/queues:prune'],
  ])('have queues of which the server tells and does nothing: %s %s', async (method, path) => {
    const { status, json } = await ask(servers[0]!, path, {
      user: 'ann',
      ...(method === 'POST' && { body: {} }),
    });
    expect([status, json.type]).toEqual([501, 'urn:fairq:problem:not-with-celery']);
    expect(json.detail).toContain(`--queue-prefix ${PREFIX}`);
  });

  it('have keys of their own, apart from those of other servers', async () => {
    const own = await startServing(env);
    const key = { 'idempotency-key': 'the same for both' };
    const first = await post('ann', { task: 'tasks.noop' }, key);
    const other = await ask(own, '/v1/tasks', { user: 'ann', headers: key, body: { task: 'tasks.noop' } });
    expect([first.status, other.status]).toEqual([202, 202]);
    expect(other.json.id).not.toBe(first.json.id);
    own.process.signal('SIGTERM');
    await own.process.ended;
  });

  it('need a prefix for the queues of users, and take no flag of others', async () => {
    for (const flags of [
      ['--celery'],
      ['--queue-prefix', PREFIX],
      ['--celery', '--queue-prefix', PREFIX, '--ordered'],
      ['--celery', '--queue-prefix', 'fairq.user.'],
    ]) {
      const { code, stderr } = await fairq(env, 'serve', '--port', '0', ...flags);
      expect(code, stderr).toBe(64);
    }
  });
});
