import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GroupsReport } from '../../src/core/measures/group-report.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import type { TopSample } from '../../src/core/top/top-sample.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, fairqPartly } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
let env: Record<string, string>;
// What "queues" remembers is not for the home of who runs the tests.
beforeAll(() => {
  env = { ...vhost.env, XDG_STATE_HOME: folder.file('state') };
});

interface List {
  queues: { user: string; name: string; kind: string; ready: number }[];
  totals: { queues: number; users: number; groups: number };
}

async function work(...flags: string[]): Promise<WorkerReport> {
  return fairqJson<WorkerReport>(env, 'worker', '--exit-when', 'empty', ...flags);
}

/** As `work`, where it is to leave dead letters. */
async function workInPart(...flags: string[]): Promise<WorkerReport> {
  return fairqPartly<WorkerReport>(env, 'worker', '--exit-when', 'empty', ...flags);
}

async function publishTo(grouping: string, users: readonly string[], ...flags: string[]) {
  const lines = users.map((user) => JSON.stringify({ user, task: 'noop' })).join('\n');
  const args = ['--json', 'publish', '--from', '-', '--group-by', grouping, ...flags];
  const { code, stdout, stderr } = await new FairqHere(args, env, lines).ended;
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function tiers(name: string, text: string): Promise<string> {
  const file = folder.file(name);
  await writeFile(file, text);
  return `map:${file}`;
}

async function reported(run: string): Promise<[string, number][]> {
  const { users } = await fairqJson<RunReport>(env, 'report', '--run', run);
  return users.map(({ user, tasks }) => [user, tasks]);
}

async function prune(match: string): Promise<unknown> {
  return fairqJson(env, 'queues', 'prune', '--idle-for', '1s', '--match', match, '--yes');
}

describe('users who share a queue', () => {
  it('keep their names, and are served by any worker', async () => {
    const published = await publishTo(
      'prefix:1',
      ['anna', 'alan', 'bert', '💥x', '💥y', 'a'],
      '--run',
      'shared',
    );
    expect(published).toMatchObject({ confirmed: 6, users: 6, queues: [] });
    expect(await vhost.ready('fairq.group.prefix:1:a')).toBe(3);
    expect(await vhost.ready('fairq.group.prefix:1:%F0%9F%92%A5')).toBe(2);
    expect(await work()).toMatchObject({ completed: 6, users: 6 });
    expect(await reported('shared')).toHaveLength(6);
  });

  it('are spread by hash over so many queues', async () => {
    await fairqJson(
      env,
      'publish',
      '--users',
      '100',
      '--count',
      '2',
      '--group-by',
      'hash:4',
      '--run',
      'hash',
    );
    const depths = await Promise.all([0, 1, 2, 3].map((i) => vhost.ready(`fairq.group.hash:4:${i}`)));
    expect(depths.reduce((sum: number, depth) => sum + (depth ?? 0), 0)).toBe(200);
    expect(await work()).toMatchObject({ completed: 200, users: 100 });
  });

  it('are put together by a file, and who is in no group is alone', async () => {
    const grouping = await tiers('tiers.toml', 'gold = ["A", "B"]\n"sil ver" = ["C"]');
    await publishTo(grouping, ['A', 'B', 'C', 'D']);
    expect(await vhost.ready('fairq.group.map:gold')).toBe(2);
    expect(await vhost.ready('fairq.group.map:sil%20ver')).toBe(1);
    expect(await vhost.ready('fairq.user.D')).toBe(1);
    const json = await tiers('tiers.json', '{"gold": ["A", "B"]}');
    await publishTo(json, ['B']);
    expect(await vhost.ready('fairq.group.map:gold')).toBe(3);
    expect(await work()).toMatchObject({ completed: 5 });
  });

  it('are named by the file that puts one into two groups', async () => {
    const grouping = await tiers('twice.toml', 'gold = ["A"]\nsilver = ["A"]');
    const { code, stderr } = await fairq(env, 'publish', '--user', 'A', '--group-by', grouping);
    expect(code).toBe(64);
    expect(stderr).toContain('the user "A" is in two groups, "gold" and "silver"');
    const missing = await fairq(env, 'publish', '--user', 'A', '--group-by', `map:${folder.file('none')}`);
    expect(missing).toMatchObject({ code: 64 });
  });

  it('cannot be told apart by a user who is called like their group', async () => {
    await publishTo('prefix:1', ['xx'], '--run', 'names');
    await publishTo('user', ['prefix:1:x', 'group/prefix:1:x'], '--run', 'names');
    expect(await vhost.ready('fairq.group.prefix:1:x')).toBe(1);
    expect(await vhost.ready('fairq.user.prefix:1:x')).toBe(1);
    expect(await work()).toMatchObject({ completed: 3, users: 3 });
  });
});

describe('a report by group', () => {
  it('says of each group who is in it, beside what it says of users', async () => {
    const load = ['--users', '30', '--count', '4', '--group-by', 'hash:4', '--run', 'by-group'];
    await fairqJson(env, 'publish', ...load);
    await work();
    const asked = ['report', '--run', 'by-group', '--group-by', 'hash:4'];
    const { users, groups } = await fairqJson<RunReport & { groups: GroupsReport }>(env, ...asked);
    expect(users).toHaveLength(30);
    expect(groups).toMatchObject({ groupBy: 'hash:4' });
    expect(groups.groups.map(({ group }) => group)).toEqual([0, 1, 2, 3].map((i) => `hash:4:${i}`));
    expect(groups.groups.reduce((sum, group) => sum + group.tasks, 0)).toBe(120);
    expect(groups.groups.reduce((sum, group) => sum + group.users, 0)).toBe(30);
    const { stdout } = await fairq(env, ...asked);
    expect(stdout).toMatch(/^Between 4 groups \(hash:4\)/m);
    expect(stdout).toMatch(/^hash:4:0 +\d+ +\d+ /m);
  });
});

describe('top by group', () => {
  it('has one row for each, with what waits and what is done', async () => {
    const args = ['top', '--json', '--interval', '200ms', '--group-by', 'prefix:6'];
    const top = new FairqHere(args, env);
    const worker = new FairqHere(['worker', '-c', '1'], env);
    await worker.says(/ready/);
    const sleep = ['--task', 'sleep', '--duration', '50ms', '--group-by', 'prefix:6'];
    for (const user of ['looked-1', 'looked-2']) {
      await fairqJson(env, 'publish', '--user', user, '--count', '200', ...sleep);
    }
    await eventually(
      () => {
        const lines = top.stdout.trim().split('\n').slice(-1);
        return lines.some((line) => {
          const { users } = JSON.parse(line || '{}') as TopSample;
          const own = users?.filter(({ user }) => user.includes('looked'));
          return own?.length === 1 && (own[0]?.backlog ?? 0) > 0 && (own[0]?.perSecond ?? 0) > 0;
        });
      },
      { timeoutMs: 60_000, what: 'a row with a backlog and a rate' },
    );
    for (const one of [top, worker]) one.signal('SIGTERM');
    await Promise.all([top.ended, worker.ended]);
    await vhost.channel.purgeQueue('fairq.group.prefix:6:looked');
  });
});

describe('a worker of one grouping', () => {
  it('leaves the queues of the others', async () => {
    const grouping = await tiers('some.toml', 'gold = ["A"]');
    await publishTo('prefix:2', ['abc', 'abd']);
    await publishTo('hash:2', ['abc']);
    await publishTo(grouping, ['A', 'loner']);
    expect(await work('--group-by', 'prefix:2')).toMatchObject({ completed: 2 });
    expect(await work('--group-by', 'prefix:1')).toMatchObject({ completed: 0 });
    expect(await work('--group-by', grouping)).toMatchObject({ completed: 2 });
    expect(await work('--group-by', 'user')).toMatchObject({ completed: 0 });
    expect(await work('--group-by', 'hash:2')).toMatchObject({ completed: 1 });
  });

  it('is told so where two flags say which queues', async () => {
    expect(await fairq(env, 'worker', '--group-by', 'hash:2', '--queues', 'x')).toMatchObject({ code: 64 });
    expect(
      await fairq(env, 'publish', '--user', 'A', '--group-by', 'hash:2', '--strategy', 'fifo'),
    ).toMatchObject({ code: 64 });
  });
});

describe("a group's queue", () => {
  it('gets a task back that failed, though it was pruned meanwhile, and from the dead letters', async () => {
    const fail = ['--task', 'fail', '--group-by', 'prefix:3', '--run', 'failing'];
    await fairqJson(env, 'publish', '--user', 'failing', ...fail);
    const flags = ['--max-attempts', '2', '--backoff', '10ms'];
    expect(await workInPart(...flags)).toMatchObject({ failed: 1, retried: 1 });
    await vhost.channel.deleteQueue('fairq.group.prefix:3:fai');
    await fairqJson(env, 'dead', 'redrive', '--run', 'failing', '--yes');
    expect(await vhost.ready('fairq.group.prefix:3:fai')).toBe(1);
    expect(await vhost.ready('fairq.user.failing')).toBeUndefined();
    expect(await workInPart(...flags)).toMatchObject({ failed: 1 });
    expect(await reported('failing')).toEqual([['failing', 1]]);
  });

  it('is listed as its group, shown, saved and sent back', async () => {
    await publishTo('prefix:4', ['listed-1', 'listed-2']);
    const list = await eventually(
      async () => {
        const found = await fairqJson<List>(env, 'queues', 'list', 'prefix:4:*');
        return found.queues[0]?.ready === 2 ? found : undefined;
      },
      { timeoutMs: 60_000, what: 'the queue is listed with its tasks' },
    );
    expect(list.queues).toMatchObject([{ user: 'prefix:4:list', kind: 'group' }]);
    expect(list.totals).toMatchObject({ queues: 1, users: 0, groups: 1 });
    const shown = await fairqJson(env, 'queues', 'show', '--group', 'prefix:4:list');
    expect(shown).toMatchObject({ group: 'prefix:4:list', bound: true, ready: 2 });
    const file = folder.file('saved.ndjson');
    const queue = ['--group', 'prefix:4:list'];
    await fairqJson(env, 'queues', 'delete', ...queue, '--save', file, '--yes');
    expect(await vhost.ready('fairq.group.prefix:4:list')).toBeUndefined();
    await fairqJson(env, 'publish', '--from', file, '--run', 'saved');
    expect(await vhost.ready('fairq.group.prefix:4:list')).toBe(2);
    await work();
    expect(await reported('saved')).toEqual([
      ['listed-1', 1],
      ['listed-2', 1],
    ]);
  });

  it('is pruned under a worker when it is idle, comes back with the next task, and is bound again when it was left', async () => {
    const worker = new FairqHere(['worker'], env);
    await worker.says(/ready/);
    await publishTo('prefix:5', ['pruned-1'], '--run', 'pruned');
    await eventually(async () => (await reported('pruned').catch(() => [])).length === 1, {
      timeoutMs: 60_000,
      what: 'the first task is run',
    });
    await eventually(
      async () => {
        await prune('prefix:5:*');
        return (await vhost.ready('fairq.group.prefix:5:prune')) === undefined;
      },
      { timeoutMs: 60_000, what: 'the queue is pruned' },
    );
    await publishTo('prefix:5', ['pruned-1', 'pruned-2'], '--run', 'pruned');
    await eventually(async () => (await reported('pruned'))[0]?.[1] === 2, {
      timeoutMs: 60_000,
      what: 'the next task is run',
    });
    await vhost.channel.unbindQueue('fairq.group.prefix:5:prune', 'fairq', 'group/prefix:5:prune');
    const doctor = await fairq(env, 'doctor');
    expect(doctor.stdout).toContain('fairq.group.prefix:5:prune');
    expect(JSON.stringify(await prune('nothing'))).toContain('"pruned":0');
    const bound = await fairqJson<{ bound: boolean }>(env, 'queues', 'show', '--group', 'prefix:5:prune');
    expect(bound.bound).toBe(true);
    worker.signal('SIGTERM');
    await worker.ended;
  });
});
