import { describe, expect, it } from 'vitest';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { type Ended, FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();

function reportOf({ stdout }: Ended): WorkerReport {
  return JSON.parse(stdout) as WorkerReport;
}

describe('a stream among the queues of a worker', () => {
  it.each([
    ['a glob', ['--queues', 'app_*']],
    ['--also', ['--queues', 'app_tasks', '--also', 'app_log']],
  ])('is left out with one warning, be it by %s', async (_, flags) => {
    const { channel } = vhost;
    await channel.assertQueue('app_log', { durable: true, arguments: { 'x-queue-type': 'stream' } });
    await channel.assertQueue('app_tasks', { durable: true });
    for (let i = 0; i < 3; i++) {
      channel.sendToQueue('app_log', Buffer.from('{}'));
      channel.sendToQueue('app_tasks', Buffer.from('{}'), { type: 'noop' });
    }
    const ended = await fairq(
      vhost.env,
      ...['worker', '--json', ...flags, '--exit-when', 'empty', '--discover-every', '100ms'],
    );
    expect(ended.code).toBe(0);
    expect(reportOf(ended).completed).toBe(3);
    expect(ended.stderr.match(/"app_log" is a stream and is left out/g)).toHaveLength(1);
  });
});

describe('publish --queue', () => {
  it('says which of its queues is a stream, which no worker runs', async () => {
    await vhost.channel.assertQueue('told_log', { durable: true, arguments: { 'x-queue-type': 'stream' } });
    const { code, stdout } = await fairq(vhost.env, 'publish', '--queue', 'told_log');
    expect(code).toBe(0);
    expect(stdout).toContain('queue "told_log" is a stream: no worker runs what is in it');
    expect(stdout).not.toContain('workers serve it');
    const streams = async (queue: string, env: Readonly<Record<string, string>> = vhost.env) =>
      (await fairqJson(env, 'publish', '--queue', queue)).streams;
    expect(await streams('told_log')).toEqual(['told_log']);
    expect(await streams('told_tasks')).toEqual([]);
    expect((await fairq(vhost.env, 'publish', '--queue', 'told_tasks')).stdout).toContain(
      'queue "told_tasks": workers serve it with --also told_tasks',
    );
    // Nobody answers there: what is not known is called so.
    expect(
      await streams('told_log', { ...vhost.env, FAIRQ_MANAGEMENT_URI: 'http://127.0.0.1:1' }),
    ).toBeNull();
    // The worker of the next test takes every queue.
    for (const queue of ['told_log', 'told_tasks']) await vhost.channel.deleteQueue(queue);
  });
});

describe("a worker of every queue, '*'", () => {
  it("takes no messages from the queues of the broker, of fairq, of another prefix's or of Celery", async () => {
    const { channel } = vhost;
    for (const prefix of ['fairq', 'second.one']) {
      const flags = ['--prefix', prefix, '--task', 'fail'];
      await fairqJson(vhost.env, 'publish', '--user', 'A', '--count', '2', ...flags);
      await fairq(vhost.env, 'worker', '--prefix', prefix, '--max-attempts', '1', '--exit-when', 'empty');
    }
    await channel.assertQueue('celeryev.1', { durable: true });
    await channel.assertQueue('w1.celery.pidbox', { durable: true });
    await channel.assertQueue('second.one.retry.60000ms', { durable: true });
    const others = ['celeryev.1', 'w1.celery.pidbox', 'second.one.retry.60000ms'];
    for (const queue of others) channel.sendToQueue(queue, Buffer.from('{}'));
    // Its control queue is one of those that the broker has named, and is told of this one every 2 s.
    const beside = new FairqHere(['worker', '--queues', 'nothing'], vhost.env);
    await beside.says(/ready/);
    const ended = await fairq(
      vhost.env,
      ...['worker', '--json', '--queues', '*', '--exit-when', 'idle', '--idle-for', '3s'],
    );
    beside.signal('SIGTERM');
    await beside.ended;
    expect(reportOf(ended)).toMatchObject({ completed: 0, failed: 0, retried: 0 });
    expect(ended.stderr).not.toContain('cannot be consumed');
    for (const queue of others) expect(await vhost.ready(queue)).toBe(1);
    for (const queue of ['fairq.dead', 'second.one.dead']) expect(await vhost.ready(queue)).toBe(2);
  });
});
