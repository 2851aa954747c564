import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { reportsOf, sum, useLightUsers } from '../support/light-users.js';
import { useNotingScene } from '../support/noting-scene.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const scene = useNotingScene(vhost, 'promotion');
const { setUp, send, queueOf, report } = useLightUsers(vhost, scene);

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
