import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type NotTaken, type OutgoingTask, Publisher } from '../../src/broker/publishing/publisher.js';
import { assertTopology, CLASSIC } from '../../src/broker/queues/topology.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { PublishReport } from '../../src/core/reports/publish-report.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { askManagement } from '../support/management-api.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const folder = useFolder();
const names = namesFor('fairq');
const { env } = vhost;
const OTHERS = ['B', 'C', 'D', 'E'];

beforeAll(async () => {
  await assertTopology(connected.current, names, 'classic');
});

async function limit(pattern: string, definition: object, made: string): Promise<void> {
  const [uri = ''] = vhost.address.managementUris;
  const policy = { pattern, 'apply-to': 'queues', definition: { ...definition, overflow: 'reject-publish' } };
  await askManagement({ uri }, 'PUT', `/policies/${vhost.address.vhost}/limit`, policy);
  const inForce = async () => {
    const found = await vhost.management.queueDefinition(made);
    return Object.keys(found?.policy ?? {}).length > 0;
  };
  await eventually(inForce, { timeoutMs: 60_000, what: 'the policy is in force' });
}

function task(user: string, number: number, payload = Buffer.from('x')): OutgoingTask {
  const sentAt = 1_790_000_000_000_000;
  return {
    id: `${user}-${number}`,
    type: 'noop',
    contentType: 'text/plain',
    payload,
    envelope: { user, run: 'r', sequence: number, intendedAt: sentAt, sentAt, attempt: 1 },
  };
}

const makeQueue = (user: string) =>
  vhost.channel
    .assertQueue(`fairq.user.${user}`, { durable: true })
    .then(() => vhost.channel.bindQueue(`fairq.user.${user}`, 'fairq', user));

describe('the full queue of one user', () => {
  it('holds up nobody else, doubles nothing, and is named at the end', async () => {
    await makeQueue('A');
    await limit('^fairq.user.A$', { 'max-length': 10 }, 'fairq.user.A');
    const file = folder.file('load.ndjson');
    const lines = Array.from({ length: 2_000 }, (_, i) => ({ user: ['A', ...OTHERS][i % 5] }));
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const { code, stdout, stderr } = await fairq(
      ...[env, '--json', 'publish', '--from', file, '--run', 'full'],
    );
    expect(code, stderr).toBe(3);
    const report = JSON.parse(stdout) as PublishReport;
    const taken = (await vhost.ready('fairq.user.A')) ?? 0;
    // A classic queue may take a few more before it notices that it is full.
    expect(taken).toBeGreaterThanOrEqual(10);
    expect(taken).toBeLessThan(100);
    expect(report).toMatchObject({ published: 2_000, confirmed: 1_600 + taken, sentAgain: 0 });
    expect(report.notTaken).toMatchObject([
      { user: 'A', tasks: 400 - taken, reason: expect.stringContaining('"fairq.user.A" has taken nothing') },
    ]);
    expect((report.notTaken[0]?.firstLine ?? 0) % 5).toBe(1);
    for (const user of OTHERS) expect(await vhost.ready(`fairq.user.${user}`)).toBe(400);
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'full')).toMatchObject({
      published: 1_600 + taken,
    });
  });

  it('gets what waits for it as soon as it takes it', async () => {
    await makeQueue('slow');
    await limit('^fairq.user.slow$', { 'max-length': 10 }, 'fairq.user.slow');
    const confirmed: string[] = [];
    const notTaken: NotTaken[] = [];
    const sender = await Publisher.open(
      connected.current,
      names,
      {
        queueKind: CLASSIC,
        onConfirmed: ({ id }) => confirmed.push(id),
        onNotTaken: (_, reason) => notTaken.push(reason),
      },
      () => performance.now(),
    );
    for (let i = 1; i <= 200; i++) sender.send(task('slow', i));
    await eventually(() => confirmed.length >= 10 && confirmed.length < 200, {
      timeoutMs: 60_000,
      what: 'the queue is full',
    });
    const found: string[] = [];
    const channel = vhost.channel;
    const { consumerTag } = await channel.consume('fairq.user.slow', (message) => {
      if (message === null) return;
      found.push(String(message.properties.messageId));
      channel.ack(message);
    });
    await sender.settled();
    await eventually(() => found.length >= 200, { timeoutMs: 60_000, what: 'all have come' });
    await channel.cancel(consumerTag);
    expect(notTaken).toEqual([]);
    expect(new Set(found).size).toBe(200);
    expect(found.length).toBe(200);
    expect(sender.sentAgain).toBe(0);
  });
});

describe('a task that is too large for the broker', () => {
  const tooLarge = async () => {
    const isOld = (await vhost.management.version()).startsWith('3.');
    return (isOld ? 129 : 17) * 1024 * 1024;
  };

  it('is refused by itself: the tasks before and after it are sent once', async () => {
    const confirmed: string[] = [];
    const notTaken: [string, NotTaken][] = [];
    const sender = await Publisher.open(
      connected.current,
      names,
      {
        queueKind: CLASSIC,
        onConfirmed: ({ id }) => confirmed.push(id),
        onNotTaken: ({ id }, reason) => notTaken.push([id, reason]),
      },
      () => performance.now(),
    );
    const large = Buffer.alloc(await tooLarge());
    for (let i = 1; i <= 100; i++) {
      sender.send(task('L', i, i === 50 ? large : i === 60 ? Buffer.alloc(1_000_000) : undefined));
      sender.send(task('M', i));
    }
    await sender.settled();
    expect(notTaken).toMatchObject([['L-50', { kind: 'too-large' }]]);
    expect(notTaken[0]?.[1].text).toMatch(
      /^its payload of [\d,]+ bytes is more than the [\d,]+ that the broker takes/,
    );
    expect(confirmed).toHaveLength(199);
    const ids: string[] = [];
    for (let i = 1; i <= 99; i++) {
      const message = await vhost.channel.get('fairq.user.L', { noAck: true });
      if (message) ids.push(String(message.properties.messageId));
    }
    expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => `L-${i + 1}`).filter((id) => id !== 'L-50'));
    expect(await vhost.ready('fairq.user.L')).toBe(0);
    expect(await vhost.ready('fairq.user.M')).toBe(100);
  });

  it('is named with its line', async () => {
    const file = folder.file('large.ndjson');
    const line = (i: number, payload: string) => JSON.stringify({ user: `u${i % 3}`, payload });
    const payload = 'x'.repeat(await tooLarge());
    writeFileSync(
      file,
      Array.from({ length: 30 }, (_, i) => line(i, i === 10 ? payload : 'small')).join('\n'),
    );
    const { code, stdout } = await fairq(env, 'publish', '--from', file, '--run', 'large');
    expect(code).toBe(3);
    expect(stdout).toContain('29 tasks confirmed');
    expect(stdout).toMatch(/u1: 1 task, line 11: its payload of [\d,]+ bytes is more than the [\d,]+ that/);
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'large')).toMatchObject({ published: 29 });
  });
});
