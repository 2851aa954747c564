import { afterEach, describe, expect, it } from 'vitest';
import type { PolicyChangeReport } from '../../src/core/reports/policy-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const WAIT_MS = 60_000;
/** Tasks that are not done when the test ends, however slow the machine is. */
const MANY = 10_000;

const workers: { stop(): Promise<unknown> }[] = [];

async function worker(name: string, ...flags: string[]): Promise<FairqHere> {
  const one = new FairqHere(['worker', '--name', name, ...flags], env);
  workers.push({
    stop: () => {
      one.signal('SIGTERM');
      return one.ended;
    },
  });
  await one.says(/ready, /, WAIT_MS);
  return one;
}

afterEach(async () => {
  await Promise.all(workers.splice(0).map((one) => one.stop()));
  for (const user of ['A', 'B']) await vhost.channel.deleteQueue(`fairq.user.${user}`);
  await vhost.channel.deleteQueue('fairq.policy');
});

const publish = (user: string, count: number, duration: string) =>
  fairqJson(
    env,
    ...['publish', '--user', user, '--task', 'sleep', '--duration', duration, '--count', `${count}`],
  );
const change = (...args: string[]) => fairqJson<PolicyChangeReport>(env, ...args);
/** Tasks of a user that have not started, on the broker and at workers: none of them starts where that stays. */
const ready = (user: string) => vhost.ready(`fairq.user.${user}`);

describe('a worker with --exit-when empty', () => {
  it.each([
    ['users have queues', []],
    ['light users share queues', ['--units', 'shared:2']],
  ])('says what it waits for where only a paused user has tasks, and %s', async (_, units) => {
    const prefix = ['--prefix', `paused-${units.length}`, ...units];
    const own = (...args: string[]) => fairqJson(env, ...prefix, ...args);
    await own('publish', '--user', 'A', '--count', '3');
    await own('publish', '--user', 'B', '--count', '2');
    await own('pause', 'A');
    const one = new FairqHere([...prefix, 'worker', '--exit-when', 'empty'], env);
    workers.push({ stop: () => one.ended });
    await one.says(/only tasks of paused users are left: "A" 3 tasks\..*"fairq explain A"/, WAIT_MS);
    await own('resume', 'A');
    expect((await one.ended).code).toBe(0);
    expect(one.stderr.match(/only tasks of paused users/g)).toHaveLength(1);
    expect(one.stdout).toContain('5 tasks done of 2 users');
  });
});

describe('a pause', () => {
  it('names what still runs; of the user nothing starts after it, and all others go on, until it is resumed', async () => {
    await publish('A', MANY, '20ms');
    await publish('B', 300, '20ms');
    await worker('w1', '-c', '2');
    await worker('w2', '-c', '2');
    const paused = await change('pause', 'A', '--reason', 'noise');
    expect(paused).toMatchObject({ changed: true, revision: 1, late: [] });
    expect(paused.workers.map(({ name }) => name).sort()).toEqual(['w1', 'w2']);
    // What ran has ended when another task of B has, and then all else of A is on the broker.
    const left = await eventually(
      async () => {
        const { tasks } = await fairqJson<{ tasks: { user: string }[] }>(env, 'tasks', '--running');
        return tasks.every(({ user }) => user !== 'A') && (await ready('A'));
      },
      { timeoutMs: WAIT_MS, what: 'no task of A runs' },
    );
    expect(left).toBeGreaterThan(0);
    await eventually(async () => (await ready('B')) === 0, { timeoutMs: WAIT_MS, what: 'B is done' });
    expect(await ready('A')).toBe(left);
    // A worker that is new starts none either.
    await worker('w3', '-c', '2');
    expect(await change('pause', 'A', '--reason', 'noise')).toMatchObject({
      changed: false,
      revision: 1,
      late: [],
    });
    expect(await ready('A')).toBe(left);
    expect(await change('resume', 'A')).toMatchObject({ what: 'A: no longer paused', late: [] });
    await eventually(async () => ((await ready('A')) ?? 0) < (left ?? 0) - 50, {
      timeoutMs: WAIT_MS,
      what: 'A goes on',
    });
  });

  it('holds for new users of its glob, and ends by itself', async () => {
    await worker('w1');
    await change('pause', '*');
    await publish('A', 5, '1ms');
    expect(await ready('A')).toBe(5);
    expect(await fairq(env, 'resume', 'A')).toMatchObject({ code: 64 });
    // However slow the machine is, it ends after all of the above.
    await change('pause', '*', '--for', '1s');
    await eventually(async () => (await ready('A')) === 0, {
      timeoutMs: WAIT_MS,
      what: 'the pause has ended',
    });
  });

  it('keeps a worker that is to exit when all is empty, since what is paused is not', async () => {
    await change('pause', 'A');
    await publish('A', 3, '1ms');
    const one = new FairqHere(['worker', '--exit-when', 'empty', '--json'], env);
    await one.says(/ready, /, WAIT_MS);
    await publish('B', 3, '1ms');
    await eventually(async () => (await ready('B')) === 0, { timeoutMs: WAIT_MS, what: 'B is done' });
    expect(await ready('A')).toBe(3);
    await change('resume', 'A');
    const { code, stdout } = await one.ended;
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { completed: 6 }]);
  });
});

describe('a weight', () => {
  it('changes the shares of a backlog that is there, over the flags of the worker', async () => {
    await publish('A', MANY, '5ms');
    await publish('B', MANY, '5ms');
    await worker('w1', '-c', '2', '--weight', 'A=1');
    expect(await change('policy', 'set', 'A', '--weight', '9')).toMatchObject({ late: [] });
    const left = async (user: string) => (await ready(user)) ?? 0;
    const [a, b] = [await left('A'), await left('B')];
    await eventually(async () => (await left('A')) <= a - 300, { timeoutMs: WAIT_MS, what: 'A has had 300' });
    const [hadA, hadB] = [a - (await left('A')), b - (await left('B'))];
    // Nine of ten turns are A's from then on: B has had a ninth of what A had, and what was prefetched.
    expect(hadB).toBeLessThan(hadA / 2);
  });
});

describe('a worker that does not go by the policy', () => {
  it('is named with 3: a frozen one, and one that knows no policy', async () => {
    const frozen = new RunningFairq(['worker', '--name', 'frozen'], env);
    await frozen.says(/ready, /, WAIT_MS);
    await worker('w1');
    // The broker lists a connection, and a consumer, a moment late.
    const isListed = async () => {
      const [clients, bound, consumers] = await Promise.all([
        vhost.management.clientNames(),
        vhost.management.boundQueues('fairq.control'),
        vhost.management.consumers(),
      ]);
      const hears = consumers.filter(({ queue }) => bound.has(queue)).map(({ connection }) => connection);
      return hears.some((connection) => clients.get(connection)?.endsWith('frozen'));
    };
    await eventually(isListed, { timeoutMs: WAIT_MS, what: 'it is listed as one that hears' });
    frozen.signal('SIGSTOP');
    const state = { slots: 1, free: 1, busy: 0, ready: true, include: [], exclude: [], also: [] };
    const older = { kind: 'worker', worker: { id: 'older-id', name: 'older', ...state } };
    const says = setInterval(
      () => vhost.channel.publish('fairq.control', '', Buffer.from(JSON.stringify(older))),
      100,
    );
    const { code, stdout } = await fairq(
      env,
      '--json',
      'policy',
      'set',
      'A',
      '--weight',
      '2',
      '--timeout',
      '4s',
    );
    clearInterval(says);
    frozen.signal('SIGCONT');
    const { workers: agreed, late } = JSON.parse(stdout) as PolicyChangeReport;
    expect(code).toBe(3);
    expect(agreed.map(({ name }) => name)).toEqual(['w1']);
    expect(late.map(({ name, why }) => [name, why]).sort()).toEqual([
      ['frozen', 'silent'],
      ['older', 'older'],
    ]);
    frozen.signal('SIGTERM');
    await frozen.ended;
  });
});
