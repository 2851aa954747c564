import { describe, expect, it } from 'vitest';
import type { PruneReport } from '../../src/core/reports/queue-report.js';
import { eventually } from '../support/eventually.js';
import { fairqJson } from '../support/fairq.js';
import { useNotingScene } from '../support/noting-scene.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const scene = useNotingScene(vhost, 'left');

const cap = (tasks: number) => ({ cap: { tasks } });
const manyStarts = { starts: 1_000, perMs: 1_000, burst: 10 };
const second = { rate: { starts: 5, perMs: 1_000, burst: 5 } };

/** Queues of permits and tokens, as they are there now. */
async function grants(): Promise<string[]> {
  const names = await vhost.management.queueNames();
  return names
    .filter((name) => /^left\d\.(permits|tokens)\./.test(name) && name.startsWith(scene.prefix))
    .sort();
}

async function untilGrants(...left: string[]): Promise<void> {
  const expected = left.map((name) => `${scene.prefix}.${name}`).sort();
  let seen: string[] = [];
  await eventually(
    async () => {
      seen = await grants();
      return JSON.stringify(seen) === JSON.stringify(expected);
    },
    { timeoutMs: 60_000, what: () => `the queues ${expected}; there are ${seen}` },
  );
}

describe('the queue of a cap or a rate that is not set any more', () => {
  it('goes with the last worker that has something of it, and the others stay', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: { ...cap(3), ...second }, B: cap(2) });
    await workers.startAll(2, 4);
    await Promise.all([workers.publish('A', 12, 20), workers.publish('B', 12, 20)]);
    await workers.untilDone(24);
    await untilGrants('permits.A', 'permits.B', 'tokens.A');
    await setPolicy({ A: second, B: cap(2) });
    await untilGrants('permits.B', 'tokens.A');
    await setPolicy({ B: cap(2) });
    await untilGrants('permits.B');
    await workers.stop();
  });

  it('goes with the change where no worker is there', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ 'A*': cap(3) });
    await workers.start(4);
    await workers.publish('A%1', 6, 5);
    await workers.untilDone(6);
    await workers.stop();
    await untilGrants('permits.A%251');
    await setPolicy({ 'A*': { weight: 2 } });
    await untilGrants();
  });

  it('is there again, with each number once, after it was taken away and set again under load', async () => {
    const { workers, setPolicy } = scene;
    await workers.startAll(2, 6);
    await workers.publish('A', 6_000, 50);
    await workers.untilStarts(20);
    for (let flips = 0; flips < 5; flips++) {
      await setPolicy({ A: cap(3) });
      await workers.untilStarts(workers.starts() + 5);
      await setPolicy({});
    }
    await setPolicy({ A: cap(3) });
    await workers.untilStarts(workers.starts() + 30);
    const from = workers.lines;
    await workers.untilStarts(workers.starts() + 60);
    expect(workers.most('A', from)).toBe(3);
    await workers.stop();
    await eventually(async () => (await vhost.ready(`${scene.prefix}.permits.A`)) === 3, {
      timeoutMs: 60_000,
      what: 'three permits',
    });
  });

  it('goes with the user that is deleted, or pruned', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ 'A*': cap(3) });
    await workers.start(4);
    await Promise.all([workers.publish('A1', 6, 5), workers.publish('A2', 6, 5)]);
    await workers.untilDone(12);
    await workers.stop();
    await untilGrants('permits.A1', 'permits.A2');
    await fairqJson(scene.env, 'queues', 'delete', 'A1', '--yes');
    expect(await grants()).toEqual([`${scene.prefix}.permits.A2`]);
    // RabbitMQ's figures are up to five seconds old: a prune that still sees tasks leaves the queue where it is.
    const prune = () => fairqJson<PruneReport>(scene.env, 'queues', 'prune', '--observe', '1s', '--yes');
    const isPruned = async () => (await prune()).pruned === 1;
    await eventually(isPruned, { timeoutMs: 60_000, what: 'the queue of A2 is pruned' });
    expect(await grants()).toEqual([]);
  });
});

describe('what still runs', () => {
  it('counts where its cap is taken away and set again, and where it started under a rate alone', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: cap(3), B: { rate: manyStarts } });
    await workers.start(12);
    await Promise.all(['A', 'B'].map((user) => workers.publish(user, 3, 5_000)));
    await workers.untilStarts(6);
    await setPolicy({ B: { rate: manyStarts, ...cap(3) } });
    await setPolicy({ A: cap(3), B: { rate: manyStarts, ...cap(3) } });
    await Promise.all(['A', 'B'].map((user) => workers.publish(user, 6, 5)));
    await workers.untilDone(18);
    expect(['A', 'B'].map((user) => workers.most(user))).toEqual([3, 3]);
    expect(workers.starts()).toBe(18); // nothing was told to end
    await workers.stop();
  });
});
