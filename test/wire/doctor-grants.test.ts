import { beforeEach, describe, expect, it } from 'vitest';
import { fillGrants } from '../../src/broker/policy/grant-census.js';
import { GrantTalk } from '../../src/broker/policy/grant-talk.js';
import { namesFor } from '../../src/core/queues/names.js';
import { eventually } from '../support/eventually.js';
import { fairq } from '../support/fairq.js';
import { setPolicy } from '../support/policy.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connection = useConnection(vhost);
const names = namesFor('fairq');
const { env } = vhost;

interface Found {
  findings: { check: string; level: string; text: string; mend?: string }[];
  repaired?: { queue: string; isDone: boolean; text: string }[];
}

async function doctor(...flags: string[]) {
  const { code, stdout, stderr } = await fairq(env, '--json', 'doctor', ...flags);
  const found = JSON.parse(stdout || '{"findings":[]}') as Found;
  const of = (check: string) => found.findings.find((finding) => finding.check === check);
  return { code, stderr, of, ...found };
}

/** Queues of permits as workers make them. */
async function permits(user: string, count: number): Promise<void> {
  const talk = await GrantTalk.open(connection.current, names, undefined, () => {});
  const queue = `${names.permitQueuePrefix}${user}`;
  await eventually(
    async () =>
      (await fillGrants(connection.current, names, talk, { queue, count, lostForMs: 1_000 })).is === 'filled',
    { timeoutMs: 60_000, what: 'permits' },
  );
  talk.close();
}

/** The management API lists a queue a moment after it was made. */
async function untilListed(...queues: string[]): Promise<void> {
  await eventually(
    async () => {
      const listed = await vhost.management.countedQueues();
      return queues.every((queue) => listed.some(({ name }) => name === queue));
    },
    { timeoutMs: 60_000, what: `${queues} listed` },
  );
}

describe('doctor on permits', () => {
  beforeEach(async () => {
    await setPolicy(vhost, 'fairq', { A: { cap: { tasks: 3 } }, B: { cap: { tasks: 2 } } });
  });

  it('says which are missing, which are left over, and mends both', async () => {
    await permits('A', 3);
    await permits('B', 2);
    await permits('gone', 4);
    await untilListed('fairq.permits.A', 'fairq.permits.B', 'fairq.permits.gone');
    await vhost.channel.get('fairq.permits.A', { noAck: true });
    await vhost.channel.sendToQueue('fairq.permits.B', Buffer.alloc(0), { messageId: '2', persistent: true });
    const before = await doctor();
    expect(before.of('permits')).toMatchObject({
      level: 'warning',
      text: '"fairq.permits.A" has 2 of 3; "fairq.permits.B" has 3 of 2',
    });
    expect(before.of('tokens')?.level).toBe('ok');
    expect(before.of('left over')).toMatchObject({ level: 'warning' });
    expect(before.of('left over')?.text).toContain('fairq.permits.gone');
    const unasked = await doctor('--repair');
    expect(unasked.code).toBe(64);
    expect(unasked.stderr).toMatch(/^"fairq\.permits\.gone" would be deleted/m);
    expect(unasked.stderr).toMatch(/^error: These 3 steps would be taken\. Nothing was done/m);
    const after = await doctor('--repair', '--yes');
    expect(after.repaired).toEqual([
      { queue: 'fairq.permits.A', isDone: true, text: 'counted: 1 added, 0 removed' },
      { queue: 'fairq.permits.B', isDone: true, text: 'counted: 0 added, 1 removed' },
      { queue: 'fairq.permits.gone', isDone: true, text: 'deleted' },
    ]);
    expect(await vhost.ready('fairq.permits.A')).toBe(3);
    const names = await vhost.management.queueNames();
    expect(names).not.toContain('fairq.permits.gone');
    const well = await doctor('--repair', '--yes');
    expect([well.of('permits')?.level, well.of('left over')?.level]).toEqual(['ok', 'ok']);
    expect(well.repaired).toEqual([]);
  });

  it('leaves such queues out where users are listed, pruned or worked for', async () => {
    await permits('A', 3);
    await untilListed('fairq.permits.A');
    const run = async (...command: string[]) => (await fairq(env, '--json', ...command)).stdout;
    await run('publish', '--user', 'real', '--count', '2');
    const worked = JSON.parse(await run('worker', '--exit-when', 'empty', '--queues', '*'));
    expect(worked).toMatchObject({ completed: 2 });
    for (const command of [
      ['queues', 'list'],
      ['queues', 'prune', '--observe', '1s', '--yes'],
      ['top', '--samples', '1'],
    ])
      expect(await run(...command), command.join(' ')).not.toContain('permits');
    expect((await vhost.management.queueNames()).sort()).toContain('fairq.permits.A');
    expect(await vhost.ready('fairq.permits.A')).toBe(3);
  });
});
