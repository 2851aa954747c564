import { beforeEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { type Ended, fairq, fairqJson } from '../support/fairq.js';
import { useNotingScene } from '../support/noting-scene.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const scene = useNotingScene(vhost, 'promotion');
const RUN = 'load';
let sent = 0;

/** As a client in any language would: nothing is made first. The broker has all of them when it resolves. */
async function send(user: string, count: number, ms = 0): Promise<void> {
  const { channel } = vhost;
  for (let i = 1; i <= count; i++) {
    const now = Date.now() * 1_000;
    channel.publish(scene.prefix, user, Buffer.from(JSON.stringify({ ms })), {
      persistent: true,
      messageId: `task-${++sent}`,
      type: 'work',
      headers: { 'x-fairq': `1 ${i} 1 ${now} 0 ${RUN} ${user}` },
    });
  }
  await channel.checkExchange(scene.prefix);
}

const setUp = (count: number) =>
  fairqJson(
    scene.env,
    'publish',
    '--units',
    `shared:${count}`,
    '--user',
    'first',
    '--count',
    '1',
    '--task',
    'work',
  );
const queueOf = (user: string) => `${scene.prefix}.user.${user}`;
const reportsOf = (ended: readonly Ended[]) => ended.map(({ stdout }) => JSON.parse(stdout) as WorkerReport);
const report = () => fairqJson(scene.env, 'report', '--run', RUN) as unknown as Promise<RunReport>;
const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);

beforeEach(() => {
  sent = 0;
});

describe('a light user', () => {
  it('is served from a queue that it shares, and gets none', async () => {
    await setUp(2);
    for (const user of ['a', 'b', 'c']) await send(user, 10);
    await scene.workers.start(2);
    await scene.workers.untilDone(31);
    const [told] = reportsOf(await scene.workers.stop());
    expect(told).toMatchObject({ completed: 31, users: 4, promotions: { users: 0, movedTasks: 0 } });
    for (const user of ['first', 'a', 'b', 'c']) expect(await vhost.ready(queueOf(user))).toBeUndefined();
    const { users } = await report();
    expect(users.map(({ user, tasks }) => [user, tasks])).toEqual([
      ['a', 10],
      ['b', 10],
      ['c', 10],
    ]);
  });

  it('that becomes heavy gets a queue, and who is behind it does not wait for it', async () => {
    await setUp(1);
    await send('heavy', 1_500, 4);
    await send('light', 3, 4);
    await scene.workers.start(2);
    await scene.workers.untilDone(3, 'light');
    // All of it was before the light user in the one queue.
    expect(scene.workers.starts('heavy')).toBeLessThan(1_000);
    await scene.workers.untilDone(1_500, 'heavy');
    expect(await vhost.ready(queueOf('heavy'))).toBe(0);
    expect(await vhost.ready(queueOf('light'))).toBeUndefined();
    const [told] = reportsOf(await scene.workers.stop());
    expect(told!.promotions.users).toBe(1);
    expect(told!.promotions.movedTasks).toBeGreaterThan(500);
    expect(await report()).toMatchObject({ completed: 1_503, duplicates: 0 });
  });

  it('that becomes heavy at two workers gets one queue, and each task runs once', async () => {
    await setUp(2);
    await scene.workers.startAll(2, 2);
    await send('heavy', 3_000);
    await scene.workers.untilDone(3_000, 'heavy');
    const told = reportsOf(await scene.workers.stop());
    expect(sum(told.map(({ promotions }) => promotions.users))).toBeGreaterThanOrEqual(1);
    expect(scene.workers.starts('heavy')).toBe(3_000);
    expect(await report()).toMatchObject({ completed: 3_000, duplicates: 0 });
  });

  it('has a place where a worker is there first', async () => {
    await scene.workers.start(2, '--units', 'shared:3');
    await send('a', 10);
    await scene.workers.untilDone(10, 'a');
    expect(await vhost.ready(`${scene.prefix}.spread.3.2`)).toBe(0);
    await scene.workers.stop();
    const refused = await fairq(scene.env, 'worker', '--units', 'shared:2', '--group-by', 'hash:2');
    expect([refused.code, refused.stderr]).toEqual([64, expect.stringContaining('exclude each other')]);
  });

  it('whose task fails is tried again where its tasks go, and gets no queue by that', async () => {
    await setUp(2);
    await scene.workers.start(1, '--backoff', '10ms');
    await fairqJson(scene.env, 'publish', '--user', 'a', '--count', '1', '--task', 'nobody-runs-this');
    await eventually(async () => (await vhost.ready(`${scene.prefix}.dead`)) === 1, {
      timeoutMs: 60_000,
      what: 'the task is a dead letter after its attempts',
    });
    expect(await vhost.ready(queueOf('a'))).toBeUndefined();
    const [told] = reportsOf(await scene.workers.stop());
    expect(told).toMatchObject({ failed: 1, retried: 2 });
  });

  it('with a cap is held to it from its first task on', async () => {
    await setUp(2);
    await scene.setPolicy({ a: { cap: { tasks: 1 } } });
    await scene.workers.start(4);
    await send('a', 20, 5);
    await scene.workers.untilDone(20, 'a');
    expect(scene.workers.most('a')).toBe(1);
    expect(await vhost.ready(queueOf('a'))).toBe(0);
    await scene.workers.stop();
  });

  it('that is paused while its tasks wait starts none of them until it goes on', async () => {
    await setUp(2);
    await scene.workers.start(1);
    await send('a', 20, 50);
    await scene.workers.untilStarts(1, 'a');
    await scene.setPolicy({ a: { paused: true } });
    const started = scene.workers.starts('a');
    await send('b', 20);
    await scene.workers.untilDone(20, 'b');
    expect(scene.workers.starts('a')).toBe(started);
    await scene.setPolicy({});
    await scene.workers.untilDone(20, 'a');
    await scene.workers.stop();
  });
});

describe('a queue that a worker has made', () => {
  it('goes when it has been empty for a while, and its user shares one again', async () => {
    await setUp(2);
    await scene.workers.startAll(2, 2, '--demote-after', '500ms');
    for (let round = 1; round <= 3; round++) {
      await send('heavy', 400);
      await scene.workers.untilDone(400 * round, 'heavy');
      await eventually(async () => (await vhost.ready(queueOf('heavy'))) === undefined, {
        timeoutMs: 60_000,
        what: 'the queue has gone',
      });
      await send('heavy', 1);

      await scene.workers.until(() => scene.workers.starts('heavy') >= 401 * round, 'the one task has run');
    }
    const told = reportsOf(await scene.workers.stop());
    expect(sum(told.map(({ promotions }) => promotions.demoted))).toBe(3);
    expect(scene.workers.starts('heavy')).toBe(401 * 3);
  });

  it('stays where it was its user’s own before', async () => {
    await setUp(2);
    const { channel } = vhost;
    await channel.assertQueue(queueOf('own'), { durable: true, arguments: { 'x-queue-type': 'classic' } });
    await channel.bindQueue(queueOf('own'), scene.prefix, 'own');
    await scene.workers.start(2, '--demote-after', '300ms');
    await send('heavy', 300);
    await send('own', 5);
    await scene.workers.untilDone(300, 'heavy');
    await eventually(async () => (await vhost.ready(queueOf('heavy'))) === undefined, {
      timeoutMs: 60_000,
      what: 'the other queue has gone',
    });
    await send('own', 1);
    await scene.workers.untilDone(6, 'own');
    expect(await vhost.ready(queueOf('own'))).toBe(0);
    await scene.workers.stop();
  });
});
