import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { assertTopology } from '../../src/broker/queues/topology.js';
import { namesFor, userQueueOf } from '../../src/core/queues/names.js';
import type { PruneOutcome } from '../../src/core/reports/queue-report.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { RunningTasks } from '../../src/core/reports/running-report.js';
import { systemClock } from '../../src/process/system-clock.js';
import { Pruner } from '../../src/run/queues/prune/prune.js';
import { eventually } from '../support/eventually.js';
import { type FairqHere, fairqJson, type RunningFairq, startFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const folder = useFolder();
const GATED = fileURLToPath(new URL('../support/gated-tasks.mjs', import.meta.url));
const { env } = vhost;
const names = namesFor('fairq');
beforeAll(async () => {
  await assertTopology(connected.current, names, 'classic');
});

/** As if they had been listed as idle, whatever they are by now. */
async function prune(user: string, workers = 1): Promise<PruneOutcome[]> {
  const outcomes: PruneOutcome[] = [];
  const pruner = await Pruner.open(
    { connection: connected.current, names, clock: systemClock, newId: randomUUID },
    { concurrency: 2, graceMs: 100, workers },
    { onOutcome: (outcome) => outcomes.push(outcome), onStep: () => {}, onWarning: () => {} },
  );
  await pruner.prune([{ name: userQueueOf(names, user), type: 'classic', consumers: 0 }]);
  await pruner.close();
  return outcomes;
}

/** How long the broker is away after a cut. */
const AWAY_MS = 500;

/** By way of a proxy that can cut it. */
async function cuttable(): Promise<{ proxied: Connection; cut: () => void; close: () => Promise<void> }> {
  const [host] = vhost.address.hosts;
  const proxy = await NetworkProxy.to(host!.hostname, host!.port);
  const address = { ...vhost.address, hosts: [{ hostname: '127.0.0.1', port: proxy.port }] };
  const proxied = await openConnection(address, 'cut', { reconnectForMs: 30_000 });
  const close = async () => {
    await proxied.close();
    await proxy.close();
  };
  const cut = () => {
    proxy.refuse();
    setTimeout(() => proxy.accept(), AWAY_MS);
  };
  return { proxied, cut, close };
}

async function worker(...flags: string[]): Promise<FairqHere | RunningFairq> {
  const running = startFairq(['worker', ...flags], env);
  await running.says(/ready, /);
  return running;
}

async function stop(...workers: (FairqHere | RunningFairq)[]): Promise<void> {
  for (const one of workers) one.signal('SIGTERM');
  for (const one of workers) expect((await one.ended).code).toBe(0);
}

const completed = async (run: string) => (await fairqJson<RunReport>(env, 'report', '--run', run)).completed;
const taken = (user: string) =>
  eventually(async () => (await vhost.ready(userQueueOf(names, user))) === 0, {
    timeoutMs: 60_000,
    what: 'the tasks are taken',
  });
/** Until they run: a task that has only been taken is given back by a worker that stops. */
const running = (user: string, count: number) =>
  eventually(
    async () => {
      const { tasks } = await fairqJson<RunningTasks>(env, 'tasks', '--running');
      return tasks.filter((task) => task.user === user).length === count;
    },
    { timeoutMs: 60_000, what: 'the tasks run' },
  );
const long = ['--task', 'sleep', '--duration', '3s'];

describe('a pruner whose connection is lost', () => {
  it.each([
    ['wait', 'classic', 60],
    ['delete', 'classic', 60],
    ['delete', 'quorum', 20],
  ])('in the step "%s" leaves no %s queue unbound, and goes on', async (when, type, count) => {
    const users = Array.from({ length: count }, (_, i) => `${when}-${type}-${i}`);
    for (const user of users) {
      const options = { durable: true, arguments: { 'x-queue-type': type } };
      await vhost.channel.assertQueue(userQueueOf(names, user), options);
      await vhost.channel.bindQueue(userQueueOf(names, user), names.taskExchange, user);
    }
    const { proxied, cut, close } = await cuttable();
    const outcomes: PruneOutcome[] = [];
    let cuts = 0;
    const pruner = await Pruner.open(
      { connection: proxied, names, clock: systemClock, newId: randomUUID },
      { concurrency: 2, graceMs: 100, workers: 0 },
      {
        onOutcome: (outcome) => outcomes.push(outcome),
        onStep: (step) => {
          if (step === when && cuts++ === 0) setImmediate(cut);
        },
        onWarning: () => {},
      },
    );
    const pruneAll = (queues: readonly string[]) =>
      pruner.prune(queues.map((name) => ({ name, type, consumers: 0 })));
    await pruneAll(users.map((user) => userQueueOf(names, user)));
    expect(outcomes).toHaveLength(users.length);
    const bound = await vhost.management.boundQueues(names.taskExchange);
    for (const { queue, outcome } of outcomes) {
      if (outcome !== 'pruned') expect(bound.has(queue), queue).toBe(true);
      else expect(await vhost.ready(queue)).toBeUndefined();
    }
    const left = outcomes.splice(0).filter(({ outcome }) => outcome !== 'pruned');
    await pruneAll(left.map(({ queue }) => queue));
    await pruner.close();
    await close();
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(left.map(() => 'pruned'));
  });
});

describe('the pruner', () => {
  it('keeps a queue with a task in it, bound and consumed as before', async () => {
    await fairqJson(env, 'publish', '--user', 'R');
    expect(await prune('R', 0)).toMatchObject([{ outcome: 'kept', reason: 'a task or a consumer came' }]);
    await fairqJson(env, 'publish', '--user', 'R');
    expect(await vhost.ready('fairq.user.R')).toBe(2);
  });

  it('keeps a queue of which a worker runs a task, and the worker goes on with it', async () => {
    const one = await worker();
    await fairqJson(env, 'publish', '--user', 'H', '--run', 'H', ...long);
    await taken('H');
    expect(await prune('H')).toMatchObject([{ outcome: 'kept' }]);
    await fairqJson(env, 'publish', '--user', 'H', '--run', 'H');
    await eventually(async () => (await completed('H')) === 2, { timeoutMs: 60_000, what: 'both have run' });
    await stop(one);
  });

  it('keeps a queue that a worker holds tasks of and does not consume: it may give them back', async () => {
    const gate = folder.file('gate');
    const gated = ['--task', 'gated', '--payload', JSON.stringify({ gate })];
    await fairqJson(env, 'publish', '--user', 'Y', '--count', '2', '--run', 'Y', ...gated);
    // Told to stop, it has no consumer any more, and still runs.
    const leaving = await worker('-c', '2', '--queues', 'fairq.user.Y', '--handler', GATED);
    await running('Y', 2);
    leaving.signal('SIGTERM');
    await leaving.says(/stopping/);
    await eventually(async () => (await vhost.channel.checkQueue('fairq.user.Y')).consumerCount === 0, {
      timeoutMs: 60_000,
      what: 'nobody consumes it',
    });
    expect(await prune('Y')).toMatchObject([{ outcome: 'kept' }]);
    writeFileSync(gate, '');
    await leaving.ended;
    expect(await completed('Y')).toBe(2);
  });

  it('takes a queue that all of its workers leave, and tells them when it has to keep one', async () => {
    const both = [await worker(), await worker()];
    await fairqJson(env, 'publish', '--user', 'L', '--count', '4', '--run', 'L');
    await eventually(async () => (await completed('L')) === 4, { timeoutMs: 60_000, what: 'they have run' });
    await eventually(async () => (await prune('L', 2))[0]?.outcome === 'pruned', {
      timeoutMs: 60_000,
      what: 'it is pruned',
    });
    await fairqJson(env, 'publish', '--user', 'L', '--count', '4', '--run', 'L');
    await eventually(async () => (await completed('L')) === 8, { timeoutMs: 60_000, what: 'a new queue' });
    // Left by both, and kept for the sake of somebody else: both come back.
    const { consumerTag } = await vhost.channel.consume('fairq.user.L', () => {});
    expect(await prune('L', 2)).toMatchObject([{ outcome: 'kept' }]);
    await eventually(async () => (await vhost.channel.checkQueue('fairq.user.L')).consumerCount === 3, {
      timeoutMs: 60_000,
      what: 'the workers consume it again',
    });
    await vhost.channel.cancel(consumerTag);
    await stop(...both);
  });
});
