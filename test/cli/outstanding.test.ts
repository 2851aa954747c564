import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;

async function report(run: string, ...flags: string[]): Promise<RunReport> {
  return fairqJson<RunReport>(env, 'report', '--run', run, ...flags);
}

async function publish(user: string, count: number, run: string, ...flags: string[]): Promise<void> {
  const tasks = ['--user', user, '--count', String(count), '--run', run];
  await fairqJson(env, 'publish', ...tasks, ...flags);
}

function where({ outstanding, waiting, running, retrying, unknown, missing }: RunReport): object {
  return { outstanding, waiting, running, retrying, unknown, missing };
}

const ALL_KNOWN = { running: 0, retrying: 0, unknown: 0, missing: 0 };

describe('a run that goes on', () => {
  it('waits and runs, and nothing of it is missing; --check missing==0 holds when it has ended', async () => {
    await publish('A', 3, 'on');
    await publish('A', 20, 'on', '--task', 'sleep', '--duration', '10m');
    expect(where(await report('on'))).toEqual({ ...ALL_KNOWN, outstanding: 23, waiting: 23 });
    const worker = new RunningFairq(['worker', '--concurrency', '2'], env);
    try {
      const found = await eventually(
        async () => {
          const now = await report('on');
          // One that is on its way to the worker at that moment is counted neither here nor there.
          return now.completed === 3 && now.running === 2 && now.waiting === 18 && now;
        },
        { timeoutMs: 60_000, what: 'two that run, and 18 that wait' },
      );
      expect(where(found)).toEqual({ ...ALL_KNOWN, outstanding: 20, waiting: 18, running: 2 });
      const checked = await fairq(env, 'report', '--run', 'on', '--check', 'missing==0');
      expect(checked.code).toBe(99);
      expect(checked.stdout).toContain('It goes on: 20 of 23 tasks published have not completed. 18 wait, 2');
      expect(checked.stdout).not.toContain('MISSING');
      expect(checked.stdout.replace(/\s+/g, ' ')).toContain(
        'what is missing is not known while the run goes on',
      );
      const page = folder.file('on.html');
      await fairqJson(env, 'report', '--run', 'on', '--html', page);
      const [, row] = /<tr><th scope="row">A<\/th>(.*?)<\/tr>/.exec(readFileSync(page, 'utf8')) ?? [];
      const [completed, waiting] = [...row!.matchAll(/<td>([^<]*)<\/td>/g)].map(([, text]) => text);
      expect({ completed, waiting }).toEqual({ completed: '3', waiting: '18' });
    } finally {
      worker.signal('SIGKILL');
      await worker.ended;
    }
    await eventually(async () => (await vhost.ready('fairq.user.A')) === 20, {
      timeoutMs: 60_000,
      what: 'the tasks to be back',
    });
    await vhost.channel.purgeQueue('fairq.user.A');
    await publish('A', 5, 'ended');
    await fairqJson(env, 'worker', '--exit-when', 'empty');
    expect((await fairq(env, 'report', '--run', 'ended', '--check', 'missing==0')).code).toBe(0);
  });

  it('says what waits for its next attempt, and that it is missing when that has gone', async () => {
    await publish('R', 7, 'retries', '--task', 'fail');
    const worker = new FairqHere(['worker', '--max-attempts', '2', '--backoff', '20m'], env);
    const retrying = { ...ALL_KNOWN, outstanding: 7, waiting: 0, retrying: 7 };
    try {
      await eventually(async () => (await report('retries')).retries === 7, {
        timeoutMs: 60_000,
        what: 'the failures',
      });
      expect(where(await report('retries'))).toEqual(retrying);
    } finally {
      worker.signal('SIGTERM');
      await worker.ended;
    }
    expect(where(await report('retries'))).toEqual(retrying);
    await vhost.channel.purgeQueue('fairq.retry.1200000ms');
    expect(where(await report('retries'))).toEqual({ ...retrying, retrying: 0, missing: 7 });
  });

  it('finds what waits in queues of groups and of no user', async () => {
    await publish('G', 6, 'placed', '--group-by', 'hash:4');
    await publish('G', 5, 'placed', '--queue', 'reports');
    await publish('G', 4, 'placed');
    expect(where(await report('placed'))).toEqual({ ...ALL_KNOWN, outstanding: 15, waiting: 15 });
  });

  it('is not said to have lost what a worker holds that does not answer', async () => {
    await publish('F', 20, 'frozen', '--task', 'sleep', '--duration', '10m');
    const worker = new RunningFairq(['worker', '--concurrency', '2', '--also', 'none'], env);
    try {
      const two = async () => (await report('frozen')).running === 2;
      await eventually(two, { timeoutMs: 60_000, what: 'two that run' });
      worker.signal('SIGSTOP');
      const found = await report('frozen');
      expect(found).toMatchObject({ outstanding: 20, missing: 0, running: 0 });
      expect(found.unknown).toBeGreaterThanOrEqual(2);
    } finally {
      worker.signal('SIGKILL');
      await worker.ended;
    }
    await vhost.channel.purgeQueue('fairq.user.F');
  });
});

describe('a run that has lost tasks', () => {
  it('says how many of whom are missing, also from a file', async () => {
    await publish('A', 12, 'lost');
    await publish('B', 3, 'lost');
    await vhost.channel.purgeQueue('fairq.user.A');
    const file = folder.file('lost.ndjson');
    const lost = await report('lost', '--save', file);
    expect(where(lost)).toEqual({ ...ALL_KNOWN, outstanding: 15, waiting: 3, missing: 12 });
    expect(lost.users).toMatchObject([
      { user: 'A', missing: 12, waiting: 0 },
      { user: 'B', missing: 0, waiting: 3 },
    ]);
    expect(await fairqJson(env, 'report', file)).toEqual(lost);
    const { stdout } = await fairq(env, 'report', '--run', 'lost');
    expect(stdout.replaceAll('\n', ' ')).toContain(
      'MISSING: 12 of 15 tasks published have not completed, and no queue and no worker has them. 3 wait.',
    );
  });

  it('does not know whose are missing where another run has tasks in the same queue', async () => {
    await publish('S', 10, 'mine');
    await publish('S', 10, 'yours');
    for (let i = 0; i < 4; i++) await vhost.channel.get('fairq.user.S', { noAck: true });
    // Six are in the queue for certain, whosever the other four were.
    const shared = { ...ALL_KNOWN, outstanding: 10, waiting: 6, unknown: 4 };
    expect(where(await report('mine'))).toEqual(shared);
    expect(where(await report('yours'))).toEqual(shared);
    const both = await fairqJson<RunReport>(env, 'report', '--run', 'mine', '--run', 'you*');
    expect(both).toMatchObject({ published: 20, waiting: 16, missing: 4, runs: ['mine', 'yours'] });
  });
});
