import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { setBacklogs } from '../../support/backlog.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson } from '../../support/fairq.js';
import { ask, useServing } from '../../support/serving.js';
import { useConnection, useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const { env } = vhost;
// Who waits for a confirm is told of no more than this.
const serving = useServing(env, '--confirm-timeout', '25s');
const NDJSON = { 'content-type': 'application/x-ndjson' };

const ready = async (user: string) => (await vhost.ready(`fairq.user.${user}`)) ?? 0;
const post = (user: string, headers: Record<string, string> = {}) =>
  ask(serving, '/v1/tasks', { user, headers, body: { task: 'noop' } });

/** A queue that somebody else has limited. */
async function limited(user: string): Promise<void> {
  const queue = `fairq.user.${user}`;
  const args = { 'x-max-length': 2, 'x-overflow': 'reject-publish' };
  await vhost.channel.assertQueue(queue, { durable: true, arguments: args });
  await vhost.channel.bindQueue(queue, 'fairq', user);
}

const LIMITS = [
  [
    'a backlog limit of the policy',
    'ours',
    (user: string) =>
      setBacklogs(vhost, connected.current, {
        [user]: { value: 2, until: 4_102_444_800_000, reason: 'secret' },
      }),
    'Nothing was sent: 2 may wait, and that many do; the limit ends at 2100-01-01T00:00:00.000Z.',
  ],
  ["somebody else's limit", 'theirs', limited, 'Nothing was sent: the queue takes no more.'],
] as const;

describe.each(LIMITS)('a user whose queue refuses for %s', (_, user, limit, detail) => {
  it('is answered with 429 at once, and what was refused is never sent', async () => {
    await limit(user);
    for (let count = 0; count < 2; count++) expect((await post(user)).status).toBe(202);
    const refused = await Promise.all([post(user), post(user), post(user)]);
    for (const { status, json, headers } of refused) {
      expect(status).toBe(429);
      expect(json).toMatchObject({ type: 'urn:fairq:problem:backlog-full', detail });
      expect(headers.get('retry-after')).toBe('10');
    }
    expect((await post('other')).status).toBe(202);
    expect(await ready(user)).toBe(2);
  });

  it('may use the same Idempotency-Key again', async () => {
    const key = { 'idempotency-key': randomUUID() };
    for (const _ of [1, 2]) expect((await post(user, key)).status).toBe(429);
    await fairqJson(env, 'worker', '--count', '2', '--queues', `fairq.user.${user}`);
    const taken = () => post(user, key);
    await eventually(async () => (await taken()).status === 202, { timeoutMs: 60_000, what: 'it is taken' });
    expect((await taken()).status).toBe(202);
    expect(await ready(user)).toBe(1);
  });

  it('is told of each line of a batch that was refused', async () => {
    const { text } = await ask(serving, '/v1/tasks/batch', {
      user,
      headers: NDJSON,
      body: '{"task":"noop"}\n'.repeat(500),
    });
    const answers = text.trim().split('\n');
    expect(answers).toHaveLength(500);
    expect(answers.filter((line) => line.includes('"id"'))).toHaveLength(1);
    expect(answers.filter((line) => line.includes('backlog-full'))).toHaveLength(499);
    expect(await ready(user)).toBe(2);
  });
});
