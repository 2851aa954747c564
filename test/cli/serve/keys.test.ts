import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { fairqJson } from '../../support/fairq.js';
import { ask, type HttpAnswer, type Serving, startServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
let servers: Serving[] = [];

beforeAll(async () => {
  servers = await Promise.all([startServing(env), startServing(env)]);
});
afterAll(async () => {
  for (const { process } of servers) process.signal('SIGTERM');
  for (const { process } of servers) expect((await process.ended).code).toBe(0);
});

function post(
  server: number,
  user: string,
  key: string,
  body: object | string = { task: 'noop' },
): Promise<HttpAnswer> {
  return ask(servers[server]!, '/v1/tasks', { user, headers: { 'idempotency-key': key }, body });
}

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

  it('sends one task for each key that comes to two servers at once, 1,000 times', async () => {
    const keys = Array.from({ length: 1_000 }, () => randomUUID());
    const ids = new Map<string, Set<unknown>>();
    const both = async (key: string) => {
      const answers = await Promise.all([post(0, 'race', key), post(1, 'race', key), post(1, 'race', key)]);
      for (const { status, json, text } of answers) {
        expect([202, 409], text).toContain(status);
        if (status === 202) ids.set(key, (ids.get(key) ?? new Set()).add(json.id));
      }
    };
    for (let i = 0; i < keys.length; i += 50) await Promise.all(keys.slice(i, i + 50).map(both));
    expect([...ids.values()].filter((seen) => seen.size === 1)).toHaveLength(1_000);
    expect(await vhost.ready('fairq.user.race')).toBe(1_000);
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

  it('of a server that was killed is taken up by another, and no key is lost', async () => {
    const doomed = await startServing(env);
    const keys = Array.from({ length: 200 }, () => randomUUID());
    const body = { task: 'noop' };
    const send = (to: Pick<Serving, 'url'>, key: string) =>
      ask(to, '/v1/tasks', { user: 'doomed', headers: { 'idempotency-key': key }, body }).catch(
        () => undefined,
      );
    const first = Promise.all(keys.map((key) => send(doomed, key)));
    await eventually(async () => ((await vhost.ready('fairq.user.doomed')) ?? 0) > 0, {
      timeoutMs: 60_000,
      what: 'the first task is sent',
    });
    doomed.process.signal('SIGKILL');
    const answered = await first;
    const again = async (key: string) => {
      let answer = await send(servers[0]!, key);
      // Until the broker knows that the killed server has gone.
      await eventually(
        async () => {
          answer = await send(servers[0]!, key);
          return answer?.status === 202;
        },
        {
          timeoutMs: 60_000,
          what: 'the key is taken over',
        },
      );
      return answer!.json.id;
    };
    const ids = await Promise.all(keys.map(again));
    for (const [i, answer] of answered.entries())
      if (answer?.status === 202) expect(answer.json.id).toBe(ids[i]);
    expect(new Set(ids).size).toBe(200);
    // A task may be there twice, with the same id: the killed server may have sent it and not have said so.
    expect(await vhost.ready('fairq.user.doomed')).toBeGreaterThanOrEqual(200);
  });
});
