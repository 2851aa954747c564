import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();

interface QueuesDocument {
  queues: { name: string; user: string; ready: number; type: string }[];
}

describe('publish, worker and report', () => {
  it('serve a small user in turns with a large one that came first', async () => {
    const sent = await fairqJson(env, 'publish', '--user', 'A', '--count', '3000', '--run', 'seed');
    expect(sent).toMatchObject({
      schemaVersion: 1,
      kind: 'publish',
      run: 'seed',
      published: 3000,
      confirmed: 3000,
      users: 1,
    });
    await fairqJson(env, 'publish', '--user', 'B', '--count', '100', '--run', 'seed');
    const worked = await fairqJson(env, 'worker', '--exit-when', 'empty', '--name', 'w1');
    expect(worked).toMatchObject({ kind: 'worker', name: 'w1', completed: 3100, failed: 0, users: 2 });
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'seed');
    expect(report).toMatchObject({
      kind: 'report',
      run: 'seed',
      published: 3100,
      completed: 3100,
      missing: 0,
      duplicates: 0,
      workerNames: ['w1'],
    });
    const b = report.users.find(({ user }) => user === 'B')!;
    expect(b.tasks).toBe(100);
    // In strict turns it is 200; first in, first out it would be 3,100.
    expect(b.lastCompletionPosition).toBeLessThan(1000);
    expect(b.firstStartPosition).toBeLessThan(100);
  });

  it('let a small user wait to the end on one shared queue', async () => {
    await fairqJson(env, 'publish', '--user', 'A', '--count', '1000', '--run', 'fifo', '--strategy', 'fifo');
    await fairqJson(env, 'publish', '--user', 'B', '--count', '50', '--run', 'fifo', '--strategy', 'fifo');
    await fairqJson(env, 'worker', '--strategy', 'fifo', '--exit-when', 'empty');
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'fifo');
    const b = report.users.find(({ user }) => user === 'B')!;
    expect([b.firstCompletionPosition, b.lastCompletionPosition]).toEqual([1001, 1050]);
    expect(report.fairness.jainAtHalf).toBeLessThan(0.6);
  });

  it('find a user that comes after the worker has started', async () => {
    const worker = new FairqHere(['--json', 'worker', '--count', '7'], env);
    await worker.says(/ready/);
    await fairqJson(env, 'publish', '--user', 'late comer', '--count', '7', '--run', 'late');
    expect((await worker.ended).code).toBe(0);
    expect(await fairqJson(env, 'report', '--run', 'late')).toMatchObject({ completed: 7, missing: 0 });
  });

  it('take any name for a user, and give it back unchanged', async () => {
    const users = ['../etc', '%2F', '<img src=x>', '用户💥', 'a\u001b[31mb', 'new\nline', '"'];
    const lines = users.map((user) => JSON.stringify({ user, task: 'noop', payload: { of: user } }));
    const run = new FairqHere(
      ['--json', 'publish', '--from', '-', '--run', 'names'],
      env,
      `${lines.join('\n')}\n`,
    );
    expect((await run.ended).code).toBe(0);
    const listed = await fairqJson<QueuesDocument>(env, 'queues', 'list');
    expect(listed.queues.map(({ user }) => user)).toEqual(expect.arrayContaining(users));
    await fairqJson(env, 'worker', '--exit-when', 'empty');
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'names');
    expect(report.users.map(({ user }) => user).sort()).toEqual([...users].sort());
    const shown = await fairq(env, 'report', '--run', 'names');
    expect(shown.stdout).not.toContain('\u001b');
  });

  it('spread a load over many users', async () => {
    const sent = await fairqJson(
      env,
      'publish',
      '--users',
      '20',
      '--total',
      '500',
      '--distribution',
      'zipf',
      '--run',
      'zipf',
    );
    expect(sent).toMatchObject({ confirmed: 500 });
    await fairqJson(env, 'worker', '--exit-when', 'empty');
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'zipf');
    expect(report).toMatchObject({ completed: 500, missing: 0 });
    const tasksOf = (user: string) => report.users.find((one) => one.user === user)?.tasks ?? 0;
    expect(tasksOf('user-1')).toBeGreaterThan(tasksOf('user-10'));
  });

  it('name the runs, the latest first, and report on it', async () => {
    const { runs } = await fairqJson<{ runs: { run: string; published: number }[] }>(env, 'report', '--list');
    expect(runs[0]).toMatchObject({ run: 'zipf', published: 500 });
    expect(runs.map(({ run }) => run)).toContain('seed');
    expect(await fairqJson(env, 'report')).toMatchObject({ run: 'zipf' });
  });

  it('say how many tasks of whom are missing', async () => {
    await fairqJson(env, 'publish', '--user', 'lost', '--count', '5', '--run', 'lossy');
    await vhost.channel.purgeQueue('fairq.user.lost');
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'lossy');
    expect(report).toMatchObject({ published: 5, completed: 0, missing: 5 });
    expect(report.users).toMatchObject([{ user: 'lost', tasks: 0, missing: 5 }]);
    expect((await fairq(env, 'report', '--run', 'lossy')).stdout).toMatch(/missing/i);
  });
});

describe('a worker that is told to stop', () => {
  it('finishes what runs, gives back the rest, and loses nothing', async () => {
    await fairqJson(env, 'publish', '--user', 'S', '--count', '20', '--duration', '700ms', '--run', 'stop');
    const worker = new FairqHere(['--json', 'worker', '--concurrency', '2', '--queues', 'fairq.user.S'], env);
    await worker.says(/ready/);
    await eventually(async () => ((await vhost.ready('fairq.user.S')) ?? 20) < 20, {
      timeoutMs: 60_000,
      what: 'the first task',
    });
    worker.signal('SIGTERM');
    const { code, stdout } = await worker.ended;
    expect(code).toBe(0);
    const { completed } = JSON.parse(stdout);
    expect(await vhost.ready('fairq.user.S')).toBe(20 - completed);
    await fairqJson(env, 'worker', '--concurrency', '20', '--queues', 'fairq.user.S', '--exit-when', 'empty');
    expect(await fairqJson(env, 'report', '--run', 'stop')).toMatchObject({
      completed: 20,
      missing: 0,
      duplicates: 0,
    });
  });

  it('gives up what runs at the second signal, and the broker delivers it again', async () => {
    const started = folder.file('started.txt');
    const module = folder.file('forever.mjs');
    await writeFile(
      module,
      `import { appendFileSync } from 'node:fs';
       export function forever() {
         appendFileSync(${JSON.stringify(started)}, 'x');
         return new Promise(() => {});
       }`,
    );
    await fairqJson(env, 'publish', '--user', 'T', '--count', '3', '--task', 'forever', '--run', 'force');
    const worker = new RunningFairq(['worker', '--handler', module, '--queues', 'fairq.user.T'], env);
    await eventually(async () => (await readFile(started, 'utf8').catch(() => '')) === 'xxx', {
      timeoutMs: 60_000,
      what: 'all three run',
    });
    worker.signal('SIGINT');
    await worker.says(/stopping/);
    worker.signal('SIGINT');
    expect((await worker.ended).code).toBe(130);
    await eventually(async () => (await vhost.ready('fairq.user.T')) === 3, {
      timeoutMs: 60_000,
      what: 'requeueing',
    });
  });
});

describe('a queue deleted under a worker', () => {
  it('takes nobody else with it, and comes back with the next task of its user', async () => {
    await fairqJson(env, 'publish', '--users', '3', '--count', '1', '--run', 'before');
    const worker = new FairqHere(['--json', 'worker', '--queues', 'fairq.user.user-?', '--count', '6'], env);
    await worker.says(/ready/);
    await eventually(async () => ((await vhost.ready('fairq.user.user-3')) ?? 1) === 0, {
      timeoutMs: 60_000,
      what: 'the worker has taken the tasks',
    });
    await vhost.channel.deleteQueue('fairq.user.user-2');
    await fairqJson(env, 'publish', '--users', '3', '--count', '1', '--run', 'after');
    expect((await worker.ended).code).toBe(0);
    expect(await fairqJson(env, 'report', '--run', 'after')).toMatchObject({ completed: 3, missing: 0 });
  });
});

describe('queues list', () => {
  it('shows what waits, largest first, and keeps to a glob and a limit', async () => {
    await fairqJson(env, 'publish', '--user', 'big-1', '--count', '3');
    await fairqJson(env, 'publish', '--user', 'big-2', '--count', '9', '--queue-type', 'quorum');
    await eventually(
      async () => {
        const { queues } = await fairqJson<QueuesDocument>(env, 'queues', 'list', 'big-*', '--sort', 'ready');
        return (
          queues.map(({ user, ready, type }) => `${user} ${ready} ${type}`).join() ===
          'big-2 9 quorum,big-1 3 classic'
        );
      },
      { timeoutMs: 60_000, what: 'the figures, which the broker refreshes every 5 s' },
    );
    const limited = await fairqJson<QueuesDocument & { hidden: number }>(
      env,
      'queues',
      'list',
      'big-*',
      '--limit',
      '1',
    );
    expect(limited).toMatchObject({
      kind: 'queues',
      hidden: 1,
      queues: [{ user: 'big-2', name: 'fairq.user.big-2' }],
    });
  });
});
