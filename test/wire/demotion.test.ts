import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { reportsOf, sum, useLightUsers } from '../support/light-users.js';
import { useNotingScene } from '../support/noting-scene.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const scene = useNotingScene(vhost, 'demotion');
const { setUp, send, queueOf } = useLightUsers(vhost, scene);

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
