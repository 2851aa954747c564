import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, fairqPartly, jsonLines } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
let env: Record<string, string>;
// What "queues" remembers is not for the home of who runs the tests.
beforeAll(() => {
  env = { ...vhost.env, XDG_STATE_HOME: folder.file('state') };
});

async function work(...flags: string[]): Promise<WorkerReport> {
  return fairqJson<WorkerReport>(env, 'worker', '--exit-when', 'empty', ...flags);
}

/** As `work`, where it is to leave dead letters. */
async function workInPart(...flags: string[]): Promise<WorkerReport> {
  return fairqPartly<WorkerReport>(env, 'worker', '--exit-when', 'empty', ...flags);
}

async function usersOf(run: string): Promise<[string, number][]> {
  const { users } = await fairqJson<RunReport>(env, 'report', '--run', run);
  return users.map(({ user, tasks }) => [user, tasks]);
}

async function publishLines(lines: readonly object[], ...flags: string[]) {
  const input = lines.map((line) => JSON.stringify(line)).join('\n');
  return new FairqHere(['--json', 'publish', '--from', '-', ...flags], env, input).ended;
}

describe('a queue that publish names', () => {
  it('is made, and its tasks are of one user more, served beside the others', async () => {
    const published = await fairqJson(
      env,
      'publish',
      '--queue',
      'reports',
      '--count',
      '20',
      '--run',
      'beside',
    );
    expect(published).toMatchObject({ confirmed: 20, users: 1, queues: ['reports'] });
    await fairqJson(env, 'publish', '--user', 'A', '--count', '20', '--run', 'beside');
    expect(await vhost.ready('reports')).toBe(20);
    expect(await work('--also', 'reports')).toMatchObject({ completed: 40, users: 2 });
    expect(await usersOf('beside')).toEqual([
      ['A', 20],
      ['reports', 20],
    ]);
  });

  it('is left alone by a worker that is not told of it', async () => {
    await fairqJson(env, 'publish', '--queue', 'alone', '--count', '3');
    expect(await work()).toMatchObject({ completed: 0 });
    expect(await vhost.ready('alone')).toBe(3);
    expect(await work('--also', 'alone', '--queues', 'nothing-*', '--exclude', '*')).toMatchObject({
      completed: 3,
    });
  });

  it('keeps the users that its tasks have', async () => {
    await fairqJson(env, 'publish', '--queue', 'mixed', '--users', '3', '--count', '2', '--run', 'mixed');
    expect(await work('--also', 'mixed')).toMatchObject({ completed: 6 });
    expect(await usersOf('mixed')).toEqual([1, 2, 3].map((i) => [`user-${i}`, 2]));
  });

  it('stays as it is where it is there already', async () => {
    await vhost.channel.assertQueue('odd', { durable: true, arguments: { 'x-max-length': 9 } });
    await fairqJson(env, 'publish', '--queue', 'odd', '--queue-type', 'quorum', '--count', '2');
    expect(await work('--also', 'odd', '--queue-type', 'quorum')).toMatchObject({ completed: 2 });
  });

  it.each(['fairq.user.A', 'fairq.dead', 'amq.x', 'x'.repeat(256)])('cannot be %s', async (queue) => {
    for (const [verb, flag] of [
      ['publish', '--queue'],
      ['worker', '--also'],
    ] as const) {
      const { code, stderr } = await fairq(env, verb, flag, queue);
      expect(code).toBe(64);
      expect(stderr).toContain(`error: ${flag}: `);
    }
  });
});

describe('a task whose name says its queue', () => {
  it('goes there, and is run by what follows the colon', async () => {
    const file = folder.file('tasks.mjs');
    await writeFile(
      file,
      `export function render() {}
       export default function (_, { type }) { throw new Error('nobody runs ' + type); }`,
    );
    const lines = [
      { task: 'route:render' },
      { user: 'A', task: 'route:render' },
      { user: 'A', task: 'route:noop', queue: 'elsewhere' },
      { user: 'A', task: ':noop' },
      { user: 'B', queue: 'elsewhere', task: 'render' },
    ];
    const { code, stdout } = await publishLines(lines, '--run', 'routes');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ confirmed: 5, queues: ['elsewhere', 'route'] });
    expect([await vhost.ready('route'), await vhost.ready('elsewhere')]).toEqual([2, 2]);
    const flags = ['--also', 'route', '--also', 'elsewhere', '--handler', file, '--max-attempts', '1'];
    // ":noop" names no queue, and nothing that runs it.
    expect(await workInPart(...flags)).toMatchObject({ completed: 4, failed: 1 });
    expect(await usersOf('routes')).toEqual([
      ['A', 3],
      ['B', 1],
      ['route', 1],
    ]);
  });

  it('has a name of one line: RabbitMQ would make another of it', async () => {
    for (const flags of [
      ['--queue', 'a\nb'],
      ['--user', 'A', '--task', 'a\rb:render'],
    ]) {
      const { code, stderr } = await fairq(env, 'publish', ...flags);
      expect([code, stderr]).toEqual([64, expect.stringContaining('has a line break')]);
    }
  });

  it('is sent nowhere where there can be no such queue, by line', async () => {
    const { code, stderr } = await publishLines([{ user: 'A' }, { user: 'A', task: 'amq.x:noop' }]);
    expect(code).toBe(64);
    expect(stderr).toContain('line 2: the task "amq.x:noop"');
    expect((await publishLines([{ user: 'A' }, { task: 'noop' }])).stderr).toContain(
      'line 2: it has neither',
    );
  });
});

describe('a worker of a fixed queue', () => {
  it('takes it up again when it was deleted and made again', async () => {
    const worker = new FairqHere(['worker', '--also', 'again', '--name', 'w'], env);
    await worker.says(/ready/);
    expect(await vhost.ready('again')).toBe(0);
    await fairqJson(env, 'queues', 'delete', '--queue', 'again', '--yes');
    expect(await vhost.ready('again')).toBeUndefined();
    await fairqJson(env, 'publish', '--queue', 'again', '--count', '2', '--run', 'again');
    await eventually(async () => (await usersOf('again').catch(() => []))[0]?.[1] === 2, {
      timeoutMs: 60_000,
      what: 'the tasks of the queue that was made again are run',
    });
    worker.signal('SIGTERM');
    await worker.ended;
  });

  it('brings a task that failed back to it, and so does redrive', async () => {
    await fairqJson(env, 'publish', '--queue', 'failing', '--task', 'failing:fail', '--run', 'failing');
    const flags = ['--also', 'failing', '--max-attempts', '2', '--backoff', '10ms'];
    expect(await workInPart(...flags)).toMatchObject({ completed: 0, failed: 1, retried: 1 });
    await fairqJson(env, 'dead', 'redrive', '--run', 'failing', '--yes');
    expect(await vhost.ready('failing')).toBe(1);
    expect(await work(...flags, '--handler', await doing('fail'))).toMatchObject({ completed: 1 });
  });

  it('leaves no task to a peer that has not been told of it, and no slot idle', async () => {
    const flags = ['--duration', '20ms', '--run', 'peers'];
    await fairqJson(env, 'publish', '--queue', 'peers', '--task', 'sleep', '--count', '60', ...flags);
    const others = ['--wait-for-workers', '2', '--exit-when', 'empty', '--concurrency', '2'];
    const [told, other] = await Promise.all([
      fairqJson<WorkerReport>(env, 'worker', '--also', 'peers', ...others),
      fairqJson<WorkerReport>(env, 'worker', ...others),
    ]);
    expect(told).toMatchObject({ completed: 60, leftToOthers: 0 });
    expect(other).toMatchObject({ completed: 0 });
  });

  it('has the weight that is said for its name', async () => {
    const flags = ['--count', '300', '--task', 'sleep', '--duration', '2ms', '--run', 'weight'];
    await fairqJson(env, 'publish', '--queue', 'heavy', ...flags);
    await fairqJson(env, 'publish', '--user', 'A', ...flags);
    expect(await work('--also', 'heavy', '--weight', 'heavy=2', '-c', '4')).toMatchObject({ completed: 600 });
    const { users } = await fairqJson<RunReport>(env, 'report', '--run', 'weight');
    const last = (name: string) => users.find(({ user }) => user === name)?.lastCompletionPosition ?? 0;
    // With two turns for one it ends first, when the other has had half as many.
    expect(last('heavy')).toBeLessThan(500);
    expect(last('A')).toBeGreaterThan(590);
  });
});

describe('the tools for queues', () => {
  it('show, purge and save a fixed queue by its name', async () => {
    await fairqJson(env, 'publish', '--queue', 'tools', '--user', 'U', '--count', '3');
    await eventually(
      async () => {
        const { queues } = await fairqJson<{ queues: { ready: number }[] }>(env, 'queues', 'list', 'tools');
        return queues[0]?.ready === 3;
      },
      { timeoutMs: 60_000, what: 'the queue is listed with its tasks' },
    );
    expect(await fairqJson(env, 'queues', 'show', '--queue', 'tools')).toMatchObject({
      name: 'tools',
      ready: 3,
    });
    expect((await fairq(env, 'queues', 'show', 'tools')).stderr).toContain('--queue');
    const file = folder.file('tools.ndjson');
    await fairqJson(env, 'queues', 'delete', '--queue', 'tools', '--save', file, '--yes');
    expect(await vhost.ready('tools')).toBeUndefined();
    await fairqJson(env, 'publish', '--from', file);
    expect(await vhost.ready('tools')).toBe(3);
    await fairqJson(env, 'queues', 'purge', '--queue', 'tools', '--yes');
    expect(await vhost.ready('tools')).toBe(0);
    const { stdout } = await fairq(env, '--json', 'queues', 'list', 'tools');
    expect(jsonLines<{ queues: object[] }>(stdout)[0]?.queues).toHaveLength(1);
  });
});

/** A module whose one handler does nothing. */
async function doing(name: string): Promise<string> {
  const file = folder.file(`${name}.mjs`);
  await writeFile(file, `export function ${name}() {}`);
  return file;
}
