import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { ask, type Serving, startServingApart } from '../../support/serving.js';
import { useTwoServers } from '../../support/two-servers.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const { server, post } = useTwoServers(env);

describe('Idempotency-Key', () => {
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

  it('of a server that was killed is taken up by another, and no key is lost', async () => {
    const doomed = await startServingApart(env);
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
      let answer = await send(server(0), key);
      // Until the broker knows that the killed server has gone.
      await eventually(
        async () => {
          answer = await send(server(0), key);
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
