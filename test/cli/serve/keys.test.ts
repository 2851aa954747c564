import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { fairqJson } from '../../support/fairq.js';
import { ask, type HttpAnswer, type Serving, startServing } from '../../support/serving.js';
import { useTwoServers } from '../../support/two-servers.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const { post } = useTwoServers(env);

describe('Idempotency-Key', () => {
  it('answers the same request in the same way, on each server, and sends one task', async () => {
    const key = randomUUID();
    const answers: HttpAnswer[] = [];
    for (const server of [0, 0, 1, 1]) answers.push(await post(server, 'same', key));
    for (const { status, text, headers } of answers) {
      expect([status, text, headers.get('location')]).toEqual([
        202,
        answers[0]!.text,
        answers[0]!.headers.get('location'),
      ]);
    }
    expect(await vhost.ready('fairq.user.same')).toBe(1);
    const found = await fairqJson<object>(env, 'task', String(answers[0]!.json.id));
    expect(found).toMatchObject({ state: 'queued', user: 'same' });
  });

  it('belongs to its user, and to its body', async () => {
    const key = randomUUID();
    const first = await post(0, 'one', key);
    const other = await post(1, 'two', key);
    expect([first.status, other.status]).toEqual([202, 202]);
    expect(other.json.id).not.toBe(first.json.id);
    for (const server of [0, 1]) {
      const answer = await post(server, 'one', key, { task: 'noop', payload: 2 });
      expect([answer.status, answer.json.type]).toEqual([422, 'urn:fairq:problem:key-reused']);
    }
    expect(await vhost.ready('fairq.user.one')).toBe(1);
  });

  it('does not hold a request that was refused', async () => {
    const key = randomUUID();
    expect((await post(0, 'wrong', key, { task: '' })).status).toBe(400);
    expect((await post(1, 'wrong', key)).status).toBe(202);
    expect((await post(1, 'wrong', 'x'.repeat(256))).status).toBe(400);
  });

  it('does not hold a request that was refused for now, and others may take it', async () => {
    const limited = await Promise.all([0, 1].map(() => startServing(env, '--max-backlog', '1')));
    const send = (to: Serving, headers: Record<string, string>) =>
      ask(to, '/v1/tasks', { user: 'limited', headers, body: { task: 'noop' } });
    expect((await send(limited[0]!, {})).status).toBe(202);
    const key = { 'idempotency-key': randomUUID() };
    for (const server of [0, 0, 1, 1]) {
      const refused = await send(limited[server]!, key);
      expect([refused.status, refused.json.type]).toEqual([429, 'urn:fairq:problem:backlog-full']);
    }
    await fairqJson(env, 'worker', '--count', '1', '--queues', 'fairq.user.limited');
    const taken = () => send(limited[1]!, key);
    await eventually(async () => (await taken()).status === 202, {
      timeoutMs: 60_000,
      what: 'the task is taken',
    });
    expect(await vhost.ready('fairq.user.limited')).toBe(1);
    for (const { process } of limited) process.signal('SIGTERM');
    for (const { process } of limited) await process.ended;
  });

  it('is remembered by a server that comes later', async () => {
    const key = randomUUID();
    const { json } = await post(0, 'later', key);
    const later = await startServing(env);
    const again = await ask(later, '/v1/tasks', {
      user: 'later',
      headers: { 'idempotency-key': key },
      body: { task: 'noop' },
    });
    expect([again.status, again.json.id]).toEqual([202, json.id]);
    later.process.signal('SIGTERM');
    await later.process.ended;
    expect(await vhost.ready('fairq.user.later')).toBe(1);
  });
});
