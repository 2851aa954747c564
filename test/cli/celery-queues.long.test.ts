import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { assertTopology } from '../../src/broker/queues/topology.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { PruneOutcome, QueueList } from '../../src/core/reports/queue-report.js';
import { systemClock } from '../../src/process/system-clock.js';
import { CeleryConsumers } from '../../src/run/celery/celery-consumers.js';
import { Pruner } from '../../src/run/queues/prune/prune.js';
import { type CeleryWorker, hasCelery, useCelery } from '../support/celery.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const folder = useFolder();
const app = useCelery(folder);
const names = namesFor('fairq');
const OURS = ['--queue-prefix', 'usersequence_'];
let env: Record<string, string>;
let celery: CeleryWorker | undefined;
let worker: FairqHere | undefined;

beforeAll(async () => {
  env = { ...vhost.env, XDG_STATE_HOME: folder.file('state') };
  app.broker = env.FAIRQ_URI ?? '';
  await assertTopology(connected.current, names, 'classic');
});
afterEach(async () => {
  worker?.signal('SIGTERM');
  await Promise.all([celery?.stop(), worker?.ended]);
  celery = undefined;
  worker = undefined;
});

const publish = (user: string, ...flags: string[]) =>
  fairqJson(env, 'publish', ...OURS, '--celery', 'tasks.noop', '--user', user, ...flags);

const consumersOf = async (queue: string) => (await vhost.channel.checkQueue(queue)).consumerCount;

/** As if it had been listed as idle, whatever it is by now. */
async function pruneNow(queue: string): Promise<PruneOutcome[]> {
  const outcomes: PruneOutcome[] = [];
  const foreignConsumers = await CeleryConsumers.open(
    connected.current,
    vhost.management,
    systemClock.now,
    () => {},
  );
  const pruner = await Pruner.open(
    { connection: connected.current, names, clock: systemClock, newId: randomUUID },
    { concurrency: 2, graceMs: 100, workers: 0, foreignConsumers },
    { onOutcome: (outcome) => outcomes.push(outcome), onStep: () => {}, onWarning: () => {} },
  );
  await pruner.prune([{ name: queue, type: 'classic', consumers: 1 }]);
  await pruner.close();
  await foreignConsumers.finish();
  foreignConsumers.close();
  return outcomes;
}

describe.skipIf(!hasCelery)("queues of Celery's users", () => {
  it('are listed with the user that follows the prefix, and nothing else is', async () => {
    await publish('A', '--count', '3');
    await publish('漢 %41');
    await fairqJson(env, 'publish', '--user', 'mine');
    await eventually(
      async () => {
        const { queues } = await fairqJson<QueueList>(env, 'queues', 'list', ...OURS);
        return (
          queues.length === 2 &&
          queues[0]?.ready === 3 &&
          queues.map(({ user }) => user).join() === 'A,漢 %41'
        );
      },
      { timeoutMs: 60_000, what: 'both' },
    );
    expect((await fairq(env, 'queues', 'list', '--queue-prefix', 'fairq.')).code).toBe(64);
  });

  it("are pruned with their exchanges after Celery's and fairq's workers have left, and come back", async () => {
    celery = await app.worker('celery');
    worker = new FairqHere(['worker', '--celery', ...OURS], env);
    await worker.says(/: ready, /);
    await publish('P', '--count', '20');
    await publish('Q', '--count', '20');
    const [p, q] = ['usersequence_P', 'usersequence_Q'];
    await eventually(async () => (await consumersOf(p)) === 2 && (await consumersOf(q)) === 2, {
      timeoutMs: 60_000,
      what: 'both workers on both queues',
    });
    const flags = ['queues', 'prune', ...OURS, '--observe', '1s', '--yes'];
    // Queues of other users, which the worker has emptied, may be idle before these two.
    const outcomes: PruneOutcome[] = [];
    const pruned = await eventually(
      async () => {
        const { stdout, stderr } = await fairq(env, '--json', ...flags);
        outcomes.push(...(JSON.parse(stdout) as { outcomes: PruneOutcome[] }).outcomes);
        const isPruned = (name: string) =>
          outcomes.some(({ queue, outcome }) => queue === name && outcome === 'pruned');
        return isPruned(p) && isPruned(q) && { outcomes, stderr };
      },
      { timeoutMs: 60_000, what: 'idle queues' },
    );
    expect(pruned.stderr).toContain('a Celery client is not told');
    for (const queue of [p, q]) {
      expect(pruned.outcomes).toContainEqual({ queue, outcome: 'pruned' });
      expect(await vhost.ready(queue)).toBeUndefined();
      const channel = await connected.current.channel();
      await expect(channel.checkExchange(queue)).rejects.toThrow('404');
    }
    // An endpoint that has workers told before it sends loses nothing.
    const got = await app.run(`
app.control.add_consumer('usersequence_P', reply=True)
print(json.dumps(app.send_task('tasks.echo', (7,), queue='usersequence_P').id))`);
    expect(got).toEqual(expect.any(String));
    await eventually(async () => (await vhost.ready(p)) === 0, { timeoutMs: 60_000, what: 'the task' });
  });

  it('stay, and are consumed again, while a Celery worker holds a task of them', async () => {
    celery = await app.worker('celery', '-c', '1');
    const gate = folder.file('gate');
    await app.run(`
app.control.add_consumer('usersequence_H', reply=True)
for i in range(2): gated.apply_async((${JSON.stringify(gate)},), queue='usersequence_H')
print(1)`);
    await celery.says(/gated\[\S+\] received[\s\S]*gated\[\S+\] received/);
    expect(await pruneNow('usersequence_H')).toEqual([
      { queue: 'usersequence_H', outcome: 'kept', reason: 'a worker has a task of it' },
    ]);
    await eventually(async () => (await consumersOf('usersequence_H')) === 1, {
      timeoutMs: 60_000,
      what: 'Celery again',
    });
    await writeFile(gate, '');
    await celery.says(/gated\[\S+\] succeeded[\s\S]*gated\[\S+\] succeeded/);
    await eventually(async () => (await vhost.management.unacknowledged()).get('usersequence_H') === 0, {
      timeoutMs: 60_000,
      what: 'no task held',
    });
    expect(await pruneNow('usersequence_H')).toEqual([{ queue: 'usersequence_H', outcome: 'pruned' }]);
  });

  it('stay while somebody consumes them who does not listen to Celery', async () => {
    await publish('S');
    await vhost.channel.purgeQueue('usersequence_S');
    const { consumerTag } = await vhost.channel.consume('usersequence_S', () => {});
    expect(await pruneNow('usersequence_S')).toMatchObject([{ outcome: 'kept' }]);
    await vhost.channel.cancel(consumerTag);
  });
});
