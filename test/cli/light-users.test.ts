import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TopSample } from '../../src/core/top/top-sample.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairqJson, jsonLines, RunningFairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
/** More than workers prefetch out of one shared queue. */
const MANY = 200;
const SLEEPS = ['--task', 'sleep', '--duration', '1h', '--run', 'light'];

let worker: RunningFairq;
beforeAll(async () => {
  await fairqJson(env, 'publish', '--units', 'shared:1', '--user', 'a', '--count', '4', ...SLEEPS);
  await fairqJson(env, 'publish', '--user', 'b', '--count', '3', ...SLEEPS);
  await fairqJson(env, 'publish', '--users', String(MANY), '--count', '1', ...SLEEPS);
  worker = new RunningFairq(['worker', '-c', '1', '--metrics-port', '0'], env);
  await worker.says(/ready, /);
});
afterAll(async () => {
  worker.signal('SIGKILL'); // it is at a task of an hour
  await worker.ended;
});

describe('fairq top, where light users share a queue', () => {
  it('says what is known of them at the workers, and what waits of anybody', async () => {
    const top = new FairqHere(['--json', 'top', '--interval', '200ms'], env);
    const last = () => {
      const lines = top.stdout.slice(0, top.stdout.lastIndexOf('\n') + 1);
      return lines === '' ? undefined : jsonLines<TopSample>(lines).at(-1);
    };
    const sample = await eventually(
      () => {
        const seen = last();
        const { backlog: waiting, atWorkers } = seen?.shared ?? {};
        // One task runs. The queue is listed now and then, while the worker may take more of it.
        return waiting! > 0 && waiting! + atWorkers! === MANY + 6 && seen;
      },
      { timeoutMs: 60_000, what: 'the worker says what it has, and the queue is listed' },
    );
    top.signal('SIGINT');
    await top.ended;
    const { shared, users, backlog } = sample;
    expect(shared).toMatchObject({ queues: 1, unserved: false });
    expect(backlog).toBe(shared!.backlog);
    expect(users.filter(({ shares }) => !shares)).toEqual([]);
    const [a, b] = ['a', 'b'].map((name) => users.find(({ user }) => user === name));
    const unknown = { backlog: null, unacknowledged: null, fairShare: null, unserved: false };
    expect(a).toMatchObject(unknown);
    expect(b).toMatchObject(unknown);
    // One of theirs may run.
    expect(a!.atWorkers! + b!.atWorkers!).toBeGreaterThanOrEqual(6);
    expect(a!.oldestAtWorkersMs).toBeGreaterThan(0);
    // Of those with one task the worker names some, and of the others nobody knows.
    expect(users).toHaveLength(50);
    expect(shared!.users).toBeGreaterThan(50);
  });
});
