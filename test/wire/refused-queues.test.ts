import { beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairqJson } from '../support/fairq.js';
import { useLimitedUsers } from '../support/limited-user.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const other = useConnection(vhost);
const users = useLimitedUsers(vhost);

/** How many queues a worker has said that it cannot consume, over all its warnings. */
function queuesRefused({ stderr }: { stderr: string }): number {
  const said = stderr.matchAll(/warning: (?:(\d+) queues|the queue "[^"]+") cannot be consumed/g);
  return [...said].reduce((sum, [, count]) => sum + Number(count ?? 1), 0);
}

describe('queues that a worker may not consume', () => {
  let part: Record<string, string>;
  beforeAll(async () => {
    part = await users.make({ configure: '.*', write: '.*', read: '^(?!fairq\\.user\\.user-).*' });
  });

  it('cost nobody a running task, and are named once', async () => {
    await fairqJson(vhost.env, 'publish', '--users', '40', '--task', 'noop');
    const sleep = ['--task', 'sleep', '--duration', '4s'];
    await fairqJson(vhost.env, 'publish', '--user', 'A', ...sleep, '--count', '8', '--run', 'long');
    const flags = ['--discover-every', '1s', '--exit-when', 'empty', '--json'];
    const first = new FairqHere(['worker', '--concurrency', '4', ...flags], part);
    await first.says(/cannot be consumed/);
    const second = new FairqHere(['worker', '--concurrency', '30', ...flags], part);
    const ended = [await first.ended, await second.ended];
    for (const worker of ended) {
      expect(worker).toMatchObject({ code: 0 });
      expect(queuesRefused(worker)).toBe(40);
      expect(worker.stderr).not.toContain('a channel was lost');
    }
    const report = await fairqJson<RunReport>(vhost.env, 'report', '--run', 'long');
    expect(report).toMatchObject({ completed: 8, duplicates: 0 });
  });

  it('are consumed once they may be and are announced again', async () => {
    const late = await users.make({ configure: '.*', write: '.*', read: '^(?!fairq\\.user\\.late$).*' });
    await fairqJson(vhost.env, 'publish', '--user', 'late');
    // What it has and has not started goes back when it is told to stop: it ends by itself.
    const flags = ['--json', '--exclude', 'fairq.user.user-*', '--count', '3'];
    const worker = new FairqHere(['worker', ...flags], late);
    await worker.says(/"fairq.user.late" cannot be consumed/);
    await users.allow(late, { configure: '.*', write: '.*', read: '.*' });
    await fairqJson(vhost.env, 'queues', 'delete', 'late', '--with-tasks', '--yes');
    await fairqJson(vhost.env, 'publish', '--user', 'late', '--count', '3');
    const { stdout } = await worker.ended;
    expect(JSON.parse(stdout) as WorkerReport).toMatchObject({ completed: 3 });
  });
});

describe('queues that somebody else has alone', () => {
  it('are left out: the others are served', async () => {
    const { channel } = vhost;
    const owner = await other.current.channel();
    await owner.assertQueue('job-exclusive', { exclusive: true });
    await channel.assertQueue('job-taken', { durable: true });
    await channel.consume('job-taken', () => {}, { exclusive: true });
    await channel.assertQueue('job-free', { durable: true });
    for (let i = 0; i < 5; i++) channel.sendToQueue('job-free', Buffer.from('{}'), { type: 'noop' });
    const worker = new FairqHere(
      ['worker', '--json', '--queues', 'job-*', '--exit-when', 'empty', '--discover-every', '1s'],
      vhost.env,
    );
    const ended = await worker.ended;
    expect(ended.stderr).toContain('the queue "job-taken" cannot be consumed and is left out');
    expect(ended.stderr).not.toContain('job-exclusive');
    expect(JSON.parse(ended.stdout) as WorkerReport).toMatchObject({ completed: 5 });
    await eventually(async () => (await vhost.ready('job-free')) === 0, {
      timeoutMs: 60_000,
      what: 'the queue that is free is empty',
    });
  });
});
