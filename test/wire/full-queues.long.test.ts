import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startThrowAwayNode } from '../../dist/broker/node/private-node.js';
import type { ThrowAwayNode } from '../../src/broker/node/private-node.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairqJson, fairqPartly, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { askManagement } from '../support/management-api.js';
import { times } from '../support/times.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();

/** A policy of the broker's on our vhost. Resolves when the queues that there are go by it. */
async function limit(pattern: string): Promise<() => Promise<void>> {
  const uri = new URL(env.FAIRQ_URI!);
  const api = { uri: env.FAIRQ_MANAGEMENT_URI!, login: `${uri.username}:${uri.password}` };
  const policy = `full-${randomUUID()}`;
  const path = `/policies${uri.pathname}/${policy}`;
  const definition = { 'max-length': 2, overflow: 'reject-publish' };
  await askManagement(api, 'PUT', path, { pattern, definition, 'apply-to': 'queues' });
  const listing = `/queues${uri.pathname}?columns=name,policy`;
  await eventually(
    async () => {
      const queues = (await askManagement(api, 'GET', listing)) as { name: string; policy?: string }[];
      return queues.every((queue) => queue.policy === policy || !new RegExp(pattern).test(queue.name));
    },
    { timeoutMs: 60_000, what: 'the queues to go by the policy' },
  );
  return async () => {
    await askManagement(api, 'DELETE', path);
  };
}

describe('a queue that takes no more', () => {
  it.each([
    ['the dead letters', '^fairq\\.dead$', ['--max-attempts', '1'], 'fairq.dead'],
    ['the retries', '^fairq\\.retry\\.', ['--max-attempts', '2', '--backoff', '10m'], 'fairq.retry.600000ms'],
  ])(
    '%s: what is to go there stays where it is, and everybody else gets through',
    async (_, pattern, flags, queue) => {
      const run = randomUUID();
      // Makes what fairq keeps on the broker, so that there is something to limit.
      await fairqJson(env, 'worker', '--count', '1', '--exit-when', 'empty', ...flags);
      const lift = await limit(pattern);
      await fairqJson(env, 'publish', '--user', 'A', '--task', 'fail', '--count', '6', '--run', run);
      await fairqJson(env, 'publish', '--user', 'B', '--count', '500', '--run', run);
      // No worker takes up a retry that is so far away: it counts in its queue.
      const worker = new FairqHere(['--json', 'worker', ...flags], env);
      await worker.says(/takes no more/, 60_000);
      await eventually(
        async () => (await fairqJson<RunReport>(env, 'report', '--run', run)).completed >= 500,
        { timeoutMs: 60_000, what: "B's tasks" },
      );
      worker.signal('SIGTERM');
      const { code, stdout, stderr } = await worker.ended;
      expect(code, stderr).toBe(77);
      expect(times(stderr, 'takes no more')).toBe(1);
      expect(stderr).toContain(`"${queue}"`);
      const { failed, notMoved } = JSON.parse(stdout) as WorkerReport;
      expect(notMoved).toBeGreaterThan(0);
      expect(failed).toBe(queue === 'fairq.dead' ? 6 - notMoved : 0);
      // What is said of a failed task is so: it is where the line says only when the queue has taken it.
      expect(times(stderr, 'failed, it is a dead letter')).toBe(failed);
      expect(times(stderr, 'failed, tried again in')).toBe(6 - notMoved - failed);
      expect(times(stderr, `failed, and the queue "${queue}" does not take it`)).toBe(Math.min(5, notMoved));
      const before = await fairqJson<RunReport>(env, 'report', '--run', run);
      expect(before.failed + before.retries).toBe(6 - notMoved);
      await lift();
      await eventually(async () => (await vhost.ready('fairq.user.A')) === notMoved, {
        timeoutMs: 60_000,
        what: 'the rest',
      });
      const again = await fairqPartly<WorkerReport>(
        env,
        'worker',
        '--max-attempts',
        '1',
        '--count',
        `${notMoved}`,
      );
      expect(again).toMatchObject({ failed: notMoved, notMoved: 0 });
      await fairqJson(env, 'dead', 'discard', '--all', '--yes');
    },
  );
});

// Each has a prefix of its own: any worker of a prefix brings back what has waited.
describe.concurrent("a user's queue that takes no task back after its wait", () => {
  it('is named once, and the task comes back when there is room', async () => {
    const prefix = `back-${randomUUID()}`;
    const own = ['--prefix', prefix];
    const queue = `${prefix}.user.full`;
    const module = folder.file('again.mjs');
    await writeFile(
      module,
      `export const again = (_, { attempt }) => { if (attempt === 1) throw new Error('not yet'); };
       export const hold = () => new Promise(() => {});`,
    );
    await fairqJson(env, ...own, 'publish', '--user', 'full', '--task', 'again');
    const flags = ['--handler', module, '--backoff', '2s', '-c', '1', '--prefetch', '1'];
    await fairqJson(env, ...own, 'worker', '--count', '1', ...flags);
    // What waits fills the queue of its user: a worker of other queues brings it back.
    await fairqJson(env, ...own, 'publish', '--user', 'full', '--count', '2', '--task', 'hold');
    const lift = await limit(`^${prefix}\\.user\\.full$`);
    const worker = new RunningFairq([...own, 'worker', '--queues', 'none', ...flags], env);
    await worker.says(/the queue "\S+\.user\.full" has taken nothing for 30 s/, 120_000);
    expect(await vhost.ready(queue)).toBe(2);
    await lift();
    await eventually(async () => (await vhost.ready(queue)) === 3, {
      timeoutMs: 60_000,
      what: 'the task is back',
    });
    worker.signal('SIGTERM');
    await worker.ended;
    expect(times(worker.stderr, 'has taken nothing')).toBe(1);
  });

  it.each([
    ['a worker that is told to stop', [], 'SIGTERM'],
    ['a worker that ends by itself', ['--exit-when', 'empty'], undefined],
  ] as const)(
    'does not keep %s, which says so and leaves the task where it waited',
    async (_, end, signal) => {
      const prefix = `stop-${randomUUID()}`;
      const own = ['--prefix', prefix];
      const module = folder.file('fails.mjs');
      await writeFile(
        module,
        "export const once = () => { throw new Error('not yet'); }; export const hold = () => new Promise(() => {});",
      );
      const flags = ['--handler', module, '--backoff', '3s', '-c', '1', '--prefetch', '1'];
      await fairqJson(env, ...own, 'publish', '--user', 'full', '--task', 'once');
      await fairqJson(env, ...own, 'worker', '--count', '1', ...flags);
      await fairqJson(env, ...own, 'publish', '--user', 'full', '--count', '2', '--task', 'hold');
      const lift = await limit(`^${prefix}\\.user\\.full$`);
      const args = [...own, '--json', 'worker', '--queues', 'none', ...flags, ...end];
      const worker = new RunningFairq(args, env);
      await worker.says(/has taken nothing for 30 s/, 120_000);
      if (signal !== undefined) worker.signal(signal);
      const { code, stdout, stderr } = await worker.ended;
      expect(code, stderr).toBe(77);
      expect(JSON.parse(stdout) as WorkerReport).toMatchObject({ notMoved: 1 });
      expect(stderr).not.toContain('more at most');
      await eventually(async () => (await vhost.ready(`${prefix}.retry.3000ms`)) === 1, {
        timeoutMs: 60_000,
        what: 'the task is where it waited',
      });
      await lift();
    },
  );
});

describe('what a task returned', () => {
  let node: ThrowAwayNode;
  let small: Record<string, string>;
  beforeAll(async () => {
    node = await startThrowAwayNode({ extraConfig: ['max_message_size = 1000000'] });
    small = { FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };
  });
  afterAll(() => node?.stop());

  it('is too large for the broker: who waits is told, its task is a dead letter, the others go on', async () => {
    const module = folder.file('big.mjs');
    await writeFile(
      module,
      `export const big = () => 'x'.repeat(1_100_000);
       export const fits = () => 'x'.repeat(900_000);
       export const small = () => 1;`,
    );
    const celery = ['--queue-prefix', 'cel_'];
    const publish = (user: string, task: string, count: number) =>
      new FairqHere(
        ['--json', 'publish', '--user', user, '--celery', task, '--count', `${count}`, ...celery, '--wait'],
        small,
      );
    const waiting = [
      publish('A', 'tasks.big', 2),
      publish('A', 'tasks.fits', 1),
      publish('B', 'tasks.small', 5),
    ];
    const serve = ['worker', '--celery', '--handler', module, ...celery];
    const worker = new RunningFairq(['--json', ...serve], small);
    const [big, fits, others] = await Promise.all(waiting.map(({ ended }) => ended));
    worker.signal('SIGTERM');
    const { code, stdout, stderr } = await worker.ended;
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('a channel was lost');
    expect(JSON.parse(stdout) as WorkerReport).toMatchObject({ completed: 6, failed: 2 });
    expect(big?.stdout).toContain(
      'what it returned is too large: the broker takes messages of at most 1000000 bytes',
    );
    expect(fits?.code, fits?.stderr).toBe(0);
    expect(others?.code, others?.stderr).toBe(0);
    const { letters } = await fairqJson<{ letters: { user: string; reason: string }[] }>(
      small,
      'dead',
      'list',
    );
    expect(letters.map(({ user }) => user)).toEqual(['A', 'A']);
    expect(letters[0]?.reason).toContain('what it returned is too large');
  });
});
