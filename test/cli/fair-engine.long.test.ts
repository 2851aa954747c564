import { readFile, rm, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, fairqPartly, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();

async function publish(run: string, user: string, count: number, ...flags: string[]): Promise<void> {
  await fairqJson(env, 'publish', '--run', run, '--user', user, '--count', `${count}`, ...flags);
}

async function lastPositions(run: string, ...flags: string[]): Promise<Record<string, number>> {
  const report = await fairqJson<RunReport>(env, 'report', '--run', run, ...flags);
  expect(report).toMatchObject({ missing: 0, duplicates: 0 });
  return Object.fromEntries(report.users.map((user) => [user.user, user.lastCompletionPosition ?? 0]));
}

// Tasks that take no time are gone before the next are here, wherever the machine is busy with something else.
describe('weights', () => {
  it('give a user so many turns for one of the others', async () => {
    await publish('weights', 'A', 300, '--duration', '2ms');
    await publish('weights', 'B', 300, '--duration', '2ms');
    await fairqJson(env, 'worker', '--exit-when', 'empty', '--weight', 'A=3', '--weight', '*=1');
    const { A, B } = await lastPositions('weights');
    // A's 300 come with 100 of B's: at 400 by strict turns.
    expect(A).toBeGreaterThan(370);
    expect(A).toBeLessThan(430);
    expect(B).toBe(600);
  });

  it('of a report are those that it is told, or an unequal share looks unfair', async () => {
    const jain = async (...flags: string[]) =>
      (await fairqJson<RunReport>(env, 'report', '--run', 'weights', ...flags)).fairness.jainAtHalf;
    expect(await jain()).toBeLessThan(0.9);
    expect(await jain('--weight', 'A=3')).toBeGreaterThan(0.98);
  });

  it('may come from a file, of which the command line has the last word; the more exact counts, and says so', async () => {
    await publish('file', 'A', 300, '--duration', '2ms');
    await publish('file', 'B', 300, '--duration', '2ms');
    const toml = folder.file('weights.toml');
    await writeFile(toml, 'B = 50\n"*" = 2\n"nobody-*" = 4\n');
    const { code, stderr } = await fairq(
      env,
      '--verbose',
      'worker',
      '--exit-when',
      'empty',
      '--weights',
      toml,
      '--weight',
      'B=6',
    );
    expect(code).toBe(0);
    expect(stderr).toContain('user "B": weight 6, since B=6 is more exact than *=2');
    expect(stderr).toContain('--weight nobody-*=4: no user matches so far');
    expect(stderr).not.toContain('*=2: no user');
    const { A, B } = await lastPositions('file');
    expect(B).toBeGreaterThan(370);
    expect(B).toBeLessThan(430);
    expect(A).toBe(600);
  });

  it.each([
    ['weights.json', '{"A": "three"}', '"A": a weight is a number above 0'],
    ['weights.json', '[1]', 'not an object of names and numbers'],
    ['weights.toml', 'A = 0', '"A": a weight is a number above 0'],
    ['weights.toml', 'A 3', 'weights.toml'],
  ])('in %s with %s are refused', async (name, content, what) => {
    const file = folder.file(name);
    await writeFile(file, content);
    const { code, stderr } = await fairq(env, 'worker', '--weights', file);
    expect(stderr).toContain(what);
    expect(code).toBe(64);
  });
});

describe('charged by time', () => {
  it('a user with long tasks gets fewer of them', async () => {
    for (const run of ['count', 'time']) {
      await publish(run, 'long', 4, '--duration', '1s');
      await publish(run, 'short', 400, '--duration', '1ms');
      await fairqJson(env, 'worker', '--exit-when', 'empty', '--concurrency', '2', '--charge', run);
    }
    const { long: byCount = 0 } = await lastPositions('count');
    // A busy broker may deliver the long ones late; whose turn it is does not depend on that.
    expect(byCount).toBeLessThan(200);
    // Where the machine is busy, a task of 1 ms takes several.
    expect((await lastPositions('time')).long).toBeGreaterThan(2 * byCount);
  });
});

describe('a task that runs for too long', () => {
  it('counts as failed, is told to stop, and leaves its slot to the next', async () => {
    const handler = folder.file('hang.mjs');
    const told = folder.file('told.txt');
    await writeFile(
      handler,
      `import { appendFileSync } from 'node:fs';
       export const hang = (_, { signal }) => new Promise(() => {
         signal.addEventListener('abort', () => appendFileSync(${JSON.stringify(told)}, signal.reason.message));
       });
       export const deaf = () => new Promise(() => {});
       export const quick = async () => {};`,
    );
    for (const task of ['hang', 'deaf', 'quick', 'quick']) await publish('hang', 'A', 1, '--task', task);
    const flags = [
      '--exit-when',
      'empty',
      '--concurrency',
      '1',
      '--task-timeout',
      '200ms',
      '--max-attempts',
      '1',
      '--handler',
      handler,
    ];
    const worked = await fairqPartly<WorkerReport>(env, 'worker', ...flags);
    expect(worked).toMatchObject({ completed: 2, failed: 2, timedOut: 2 });
    expect(await readFile(told, 'utf8')).toContain('longer than 200 ms');
    const dead = (await vhost.channel.get('fairq.dead', { noAck: true })) || undefined;
    expect(dead?.properties.headers?.['x-fairq-reason']).toContain('--task-timeout');
    expect(await fairqJson(env, 'report', '--run', 'hang')).toMatchObject({
      completed: 4,
      failed: 2,
      missing: 0,
    });
  });
});

describe('a queue that nobody announced', () => {
  it('is found within the interval that was asked for', async () => {
    const worker = new FairqHere(['--json', 'worker', '--count', '1', '--discover-every', '200ms'], env);
    await worker.says(/ready/);
    await vhost.channel.assertQueue('fairq.user.unannounced', { durable: true });
    vhost.channel.sendToQueue('fairq.user.unannounced', Buffer.from('x'), { type: 'noop' });
    // Far below the 30 s of the default.
    const ended = await worker.ended;
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ completed: 1 });
  });
});

describe('several workers', () => {
  const started = () => folder.file('started.txt');
  const gate = () => folder.file('gate');
  const startedBy = async () => {
    const lines = await readFile(started(), 'utf8').catch(() => '');
    return lines.split('\n').filter((line) => line !== '');
  };

  /** Its tasks say who started them, and end when the gate is there. */
  let handler: string;
  beforeAll(async () => {
    handler = folder.file('gated.mjs');
    await writeFile(
      handler,
      `import { appendFileSync, existsSync } from 'node:fs';
       export const gated = (_, { user }) => new Promise((resolve) => {
         appendFileSync(${JSON.stringify(started())}, process.pid + ' ' + user + '\\n');
         const timer = setInterval(() => {
           if (existsSync(${JSON.stringify(gate())})) resolve(clearInterval(timer));
         }, 10);
       });`,
    );
  });
  const worker = (...flags: string[]) =>
    new RunningFairq(
      [
        '--json',
        'worker',
        '--concurrency',
        '1',
        '--handler',
        handler,
        '--exit-when',
        'idle',
        '--idle-for',
        '1s',
        ...flags,
      ],
      env,
    );

  it('leave what they hold to one that has a free slot, though their own tasks never end', async () => {
    for (const user of ['long-1', 'long-2', 'long-3']) await publish('gated', user, 2, '--task', 'gated');
    const busy = worker('--name', 'busy');
    await eventually(async () => (await startedBy()).length === 1, {
      timeoutMs: 60_000,
      what: 'a task starts',
    });
    const picky = worker('--queues', 'fairq.user.somebody-else');
    const helpers = [worker(), worker(), worker()];
    await eventually(async () => new Set((await startedBy()).map((line) => line.split(' ')[0])).size === 4, {
      timeoutMs: 60_000,
      what: 'every worker that serves these users has started one of their tasks',
    });
    await writeFile(gate(), '');
    const reports = await Promise.all(
      [busy, ...helpers].map(async ({ ended }) => JSON.parse((await ended).stdout)),
    );
    expect(reports.reduce((sum, { completed }) => sum + completed, 0)).toBe(6);
    expect(reports[0].leftToOthers).toBeGreaterThan(0);
    expect(JSON.parse((await picky.ended).stdout)).toMatchObject({ completed: 0 });
    await lastPositions('gated');
  });

  it('take over everything of one that dies', async () => {
    await rm(gate(), { force: true });
    await writeFile(started(), '');
    await publish('dies', 'long-1', 3, '--task', 'gated');
    const survivor = worker();
    await eventually(async () => (await startedBy()).length === 1, {
      timeoutMs: 60_000,
      what: 'the survivor is busy, and so does not go for want of work',
    });
    const dies = worker();
    await dies.says(/ready/);
    for (const user of ['long-2', 'long-3']) await publish('dies', user, 20, '--task', 'gated');
    await eventually(
      async () => (await startedBy()).some((line) => line.startsWith(`${dies.process.pid} `)),
      {
        timeoutMs: 60_000,
        what: 'a task runs at the one that is to die',
      },
    );
    dies.signal('SIGKILL');
    await dies.ended;
    await writeFile(gate(), '');
    await survivor.ended;
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'dies');
    expect(report).toMatchObject({ completed: 43, missing: 0 });
  });
});

describe('many queues', () => {
  it('are all worked off, though the first that a worker takes up are empty', async () => {
    // Zero-padded, so that the order of the names is that of the numbers.
    const users = Array.from({ length: 50 }, (_, i) => `many-${`${i}`.padStart(2, '0')}`);
    const file = folder.file('many.ndjson');
    await writeFile(file, users.map((user) => JSON.stringify({ user })).join('\n'));
    await fairqJson(env, 'publish', '--run', 'many', '--from', file);
    await fairqJson(env, 'worker', '--exit-when', 'empty');
    for (const user of users.slice(-3)) await publish('late', user, 40);
    const report = await fairqJson<WorkerReport>(env, 'worker', '--exit-when', 'empty');
    expect(report).toMatchObject({ completed: 120, users: 3 });
    await lastPositions('late');
  });
});
