import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, fairqPartly } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;

describe('strategy priority', () => {
  it('runs what has the higher priority first, from one queue', async () => {
    const flags = ['--strategy', 'priority', '--count', '50', '--run', 'levels'];
    for (const [user, priority] of [
      ['low', '1'],
      ['high', '9'],
    ] as const) {
      const sent = await fairqJson(env, 'publish', '--user', user, '--priority', priority, ...flags);
      expect(sent).toMatchObject({ confirmed: 50, queues: [] });
    }
    await fairqJson(env, 'publish', '--user', 'none', ...flags);
    expect(await vhost.ready('fairq.priority')).toBe(150);
    await fairqJson(env, 'worker', '--exit-when', 'empty');
    expect(await vhost.ready('fairq.priority')).toBe(150);
    await fairqJson(env, 'worker', '--strategy', 'priority', '--exit-when', 'empty', '-c', '1');
    const { users } = await fairqJson<RunReport>(env, 'report', '--run', 'levels');
    const order = [...users].sort(
      (a, b) => (a.lastCompletionPosition ?? 0) - (b.lastCompletionPosition ?? 0),
    );
    expect(order.map(({ user, lastCompletionPosition: last }) => [user, last])).toEqual([
      ['high', 50],
      ['low', 100],
      ['none', 150],
    ]);
  });

  it('runs what comes with a higher priority before what waits, for a worker has prefetched a task a slot', async () => {
    const flags = ['--strategy', 'priority', '--run', 'late', '--task', 'sleep', '--duration', '200ms'];
    await fairqJson(env, 'publish', '--user', 'low', '--count', '60', ...flags);
    const worker = new FairqHere(
      ['worker', '--strategy', 'priority', '-c', '2', '--exit-when', 'empty'],
      env,
    );
    const started = async () => (await fairqJson<RunReport>(env, 'report', '--run', 'late')).completed > 0;
    await eventually(started, { timeoutMs: 60_000, what: 'the first to complete' });
    await fairqJson(env, 'publish', '--user', 'high', '--priority', '9', ...flags);
    await worker.ended;
    const { users } = await fairqJson<RunReport>(env, 'report', '--run', 'late');
    const [high, low] = ['high', 'low'].map((name) => users.find(({ user }) => user === name));
    expect(low?.lastCompletionPosition).toBe(61);
    expect(high?.firstCompletionPosition).toBeLessThan(61);
  });

  it('keeps the priority of a task that is tried again', async () => {
    const flags = ['--strategy', 'priority', '--run', 'again'];
    await fairqJson(env, 'publish', '--user', 'high', '--priority', '9', '--task', 'fail', ...flags);
    const once = ['--strategy', 'priority', '--exit-when', 'empty', '--max-attempts', '1'];
    await fairqPartly(env, 'worker', ...once);
    await fairqJson(env, 'publish', '--user', 'low', '--priority', '1', '--count', '3', ...flags);
    await fairqJson(env, 'dead', 'redrive', '--run', 'again', '--yes');
    await fairqPartly(env, 'worker', ...once, '-c', '1');
    const { users } = await fairqJson<RunReport>(env, 'report', '--run', 'again');
    const low = users.find(({ user }) => user === 'low');
    expect(low?.firstCompletionPosition).toBe(2);
  });

  it.each([
    ['a priority between fair queues', ['--priority', '3']],
    ['a priority above the highest', ['--strategy', 'priority', '--priority', '11']],
    ['a quorum queue', ['--strategy', 'priority', '--queue-type', 'quorum']],
    ['a queue that is named', ['--strategy', 'priority', '--queue', 'reports']],
    ['groups', ['--strategy', 'priority', '--group-by', 'hash:2']],
  ])('refuses %s', async (_, flags) => {
    const { code, stderr } = await fairq(env, 'publish', '--user', 'A', ...flags);
    expect(code).toBe(64);
    expect(stderr).toContain('error: --');
  });
});
