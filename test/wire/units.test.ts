import { beforeEach, describe, expect, it } from 'vitest';
import { assertTopology } from '../../src/broker/queues/topology.js';
import { type Names, namesFor, userQueueOf } from '../../src/core/queues/names.js';
import { spreadQueues } from '../../src/core/queues/units.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
let prefixes = 0;
let names: Names;
let prefix: string[];

beforeEach(() => {
  names = namesFor(`set-${++prefixes}`);
  prefix = ['--prefix', names.prefix];
});

const run = (...args: string[]) => fairq(vhost.env, ...prefix, ...args);
const json = (...args: string[]) => fairqJson(vhost.env, ...prefix, ...args);
const units = async () =>
  (await json('units', 'show')) as { units: string; alternate: { by: string } | null };
const publish = (...args: string[]) => run('publish', ...args);
const inSpread = async (count: number) => {
  const counts = await Promise.all(spreadQueues(names, count).map((queue) => vhost.ready(queue)));
  return counts.reduce<number>((sum, one) => sum + (one ?? 0), 0);
};

describe('fairq units set', () => {
  it('makes users share queues where there is nothing yet, and nothing the second time', async () => {
    expect(await json('units', 'set', 'shared:4', '--yes')).toMatchObject({
      before: 'user',
      after: 'shared:4',
      isChanged: true,
    });
    expect(await units()).toMatchObject({ units: 'shared:4', alternate: { by: 'argument', isOurs: true } });
    expect(await json('units', 'set', 'shared:4', '--yes')).toMatchObject({ isChanged: false, steps: [] });
    await publish('--users', '20', '--count', '1');
    expect(await inSpread(4)).toBe(20);
  });

  it('gives an exchange that is there its alternate one by a policy, and takes that away again', async () => {
    await publish('--user', 'before');
    await run('units', 'set', 'shared:4', '--yes');
    expect(await units()).toMatchObject({ units: 'shared:4', alternate: { by: 'policy', isOurs: true } });
    await publish('--users', '20', '--count', '1');
    expect([await inSpread(4), await vhost.ready(userQueueOf(names, 'user-1'))]).toEqual([20, undefined]);
    await run('units', 'set', 'user', '--yes');
    expect(await units()).toMatchObject({ units: 'user', alternate: null });
    await publish('--users', '20', '--count', '1');
    expect([await inSpread(4), await vhost.ready(userQueueOf(names, 'user-1'))]).toEqual([20, 1]);
  });

  it('gives new users queues again where the exchange names its alternate one for good', async () => {
    await run('units', 'set', 'shared:4', '--yes');
    const { stdout } = await run('units', 'set', 'user', '--yes');
    expect(stdout).toContain('goes on naming it, which does nothing');
    await publish('--users', '5', '--count', '1');
    expect([await inSpread(4), await vhost.ready(userQueueOf(names, 'user-1'))]).toEqual([0, 1]);
    await run('units', 'set', 'shared:4', '--yes');
    await publish('--users', '10', '--count', '1');
    expect(await inSpread(4)).toBe(5);
  });

  it('changes how many there are: what is in the old ones stays, and they are pruned when they are empty', async () => {
    await run('units', 'set', 'shared:2', '--yes');
    await publish('--users', '20', '--count', '1');
    await run('units', 'set', 'shared:4', '--yes');
    await publish('--users', '20', '--count', '1');
    expect([await inSpread(2), await inSpread(4)]).toEqual([20, 20]);
    await expect(publish('--units', 'shared:2', '--user', 'A')).resolves.toMatchObject({ code: 77 });
    for (const queue of [...spreadQueues(names, 2), ...spreadQueues(names, 4)])
      await vhost.channel.purgeQueue(queue);
    const pruned = async () => {
      const { stdout } = await run('queues', 'prune', '--idle-for', '0s', '--yes', '--json');
      return (JSON.parse(stdout) as { pruned: number }).pruned === 2;
    };
    await eventually(pruned, { timeoutMs: 60_000, what: 'the old queues are listed as empty, and pruned' });
    expect(await vhost.ready(spreadQueues(names, 2)[0] ?? '')).toBeUndefined();
    expect(await vhost.ready(spreadQueues(names, 4)[0] ?? '')).toBe(0);
  });

  it('is what takes a shared queue out of use: none of those in force is deleted alone', async () => {
    await run('units', 'set', 'shared:2', '--yes');
    const queue = spreadQueues(names, 2)[0]!;
    const refused = await run('queues', 'delete', '--queue', queue, '--with-tasks', '--yes');
    expect([refused.code, refused.stderr]).toEqual([77, expect.stringContaining('one of the 2 queues')]);
    expect(await vhost.ready(queue)).toBe(0);
    await run('units', 'set', 'user', '--yes');
    expect((await run('queues', 'delete', '--queue', queue, '--yes')).code).toBe(0);
    expect(await vhost.ready(queue)).toBeUndefined();
  });

  it('asks, and only shows with --dry-run', async () => {
    await assertTopology(connected.current, names, 'classic');
    const shown = await run('units', 'set', 'shared:4', '--dry-run');
    expect(shown.stdout).toContain(`Put the RabbitMQ policy "${names.spreadExchange}"`);
    const { code, stderr } = await run('units', 'set', 'shared:4', '--no-input');
    expect([code, stderr.split('\n')]).toEqual([
      64,
      [
        ...shown.stdout.trimEnd().split('\n'),
        'error: These 2 steps would set up shared:4 for everybody under this prefix. Nothing was done: nobody can be asked here.',
        expect.stringContaining('--yes'),
        '',
      ],
    ]);
    expect(await units()).toMatchObject({ units: 'user', exchange: false });
  });

  it('makes a queue again that somebody has deleted, which is told', async () => {
    await run('units', 'set', 'shared:4', '--yes');
    const [, gone] = spreadQueues(names, 4);
    await vhost.channel.deleteQueue(gone!);
    await publish('--users', '20', '--count', '1');
    expect(await inSpread(4)).toBe(20);
    const shown = await run('units', 'show');
    expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(
      `Missing is "${gone}". What waited there is gone with it. What its users send goes to the other queues. "fairq units set shared:4" makes it again.`,
    );
    expect(await units()).toMatchObject({ units: 'shared:4', spread: [{ there: 3, missing: [gone] }] });
    const { stdout } = await run('units', 'set', 'shared:4', '--yes');
    expect(stdout).toContain(`Make "${gone}" again, and bind all 4 queues`);
    expect(await units()).toMatchObject({ spread: [{ there: 4, bound: 4, missing: [] }] });
  });

  it.each(['worker', 'publish'])('need not be run where a %s with --units starts', async (verb) => {
    await run('units', 'set', 'shared:2', '--yes');
    const [gone] = spreadQueues(names, 2);
    await vhost.channel.deleteQueue(gone!);
    const rest = verb === 'worker' ? ['--exit-when', 'idle', '--idle-for', '0s'] : ['--user', 'A'];
    await run(verb, '--units', 'shared:2', ...rest);
    expect(await units()).toMatchObject({ spread: [{ there: 2, bound: 2, missing: [] }] });
  });

  it('is refused where the exchange has an alternate one of somebody else', async () => {
    await vhost.channel.assertExchange(names.taskExchange, 'direct', { alternateExchange: 'theirs' });
    const { code, stderr } = await run('units', 'set', 'shared:4', '--yes');
    expect([code, stderr]).toEqual([77, expect.stringContaining('another alternate exchange, "theirs"')]);
  });

  it.each(['shared', 'shared:0', 'shared:5000', 'hash:4'])('is refused as "%s"', async (what) => {
    expect(await run('units', 'set', what)).toMatchObject({ code: 64 });
  });
});

it('fairq queues list has a line for shared queues, and a row for those with tasks', async () => {
  await run('units', 'set', 'shared:4', '--yes');
  await publish('--user', 'A', '--count', '3');
  const listed = async () => (await run('queues', 'list')).stdout.replaceAll(/\s+/g, ' ');
  const busiest = String.raw`(\S+\.spread\.4\.\d)`;
  const text = await eventually(async () => /shared 4\.\d 3 0 0/.test(await listed()) && listed(), {
    timeoutMs: 60_000,
    what: 'the figures are listed',
  });
  expect(text.match(/shared 4\.\d/g)).toHaveLength(1);
  expect(text).toMatch(
    new RegExp(
      `4 shared queues: 3 ready, 3 of them in ${busiest}, 0 unacknowledged; 4 without a consumer; 3 empty, which --empty shows 4 queues,`,
    ),
  );
  expect(await json('queues', 'list')).toMatchObject({ queues: Array(4).fill({ kind: 'spread' }) });
  for (const flags of [['--empty'], ['--no-consumers'], [`${names.prefix}.spread.*`]]) {
    const { stdout } = await run('queues', 'list', ...flags);
    expect(stdout.match(/shared 4\.\d/g)).toHaveLength(flags[0] === '--empty' ? 3 : 4);
  }
});

it('runs what another program sends with no user, or with one that can have no queue, and tries it again', async () => {
  await run('units', 'set', 'shared:2', '--yes');
  const long = 'x '.repeat(110);
  const send = (key: string, type: string) =>
    vhost.channel.publish(names.taskExchange, key, Buffer.from('{}'), { type, persistent: true });
  for (const key of ['', 'not encoded', long]) send(key, 'fail');
  for (let i = 0; i < 40; i++) send('', 'noop');
  await eventually(async () => (await inSpread(2)) === 43, { timeoutMs: 60_000, what: 'all has come' });
  const flags = ['--exit-when', 'empty', '--max-attempts', '2', '--backoff', '10ms'];
  const { code, stdout } = await run('worker', ...flags, '--json');
  expect([code, JSON.parse(stdout)]).toMatchObject([3, { completed: 40, failed: 3, retried: 3 }]);
  const { letters } = (await json('dead', 'list')) as { letters: object[] };
  expect(letters).toHaveLength(3);
  for (const user of ['(no user)', 'not encoded', long])
    expect(letters).toContainEqual(expect.objectContaining({ user, attempts: 2, reason: '{}' }));
  const report = await run('report');
  expect(report.stdout).toMatch(/^\(no user\)\s+41 /m);
});

describe('a user that shares a queue', () => {
  it('is told how many queues it shares, without those that are in force no longer', async () => {
    await run('units', 'set', 'shared:2', '--yes');
    await run('units', 'set', 'shared:4', '--yes');
    expect(await json('explain', 'A')).toMatchObject({ reasons: [{ why: 'shares', queues: 4, ready: 0 }] });
  });

  it('gets one with a limit of its own, which goes again later', async () => {
    await run('units', 'set', 'shared:4', '--yes');
    await run('policy', 'set', 'A', '--cap', '2');
    await run('policy', 'set', 'B', '--weight', '2');
    await publish('--user', 'A');
    await publish('--user', 'B');
    expect([await vhost.ready(userQueueOf(names, 'A')), await inSpread(4)]).toEqual([1, 1]);
    const made = await vhost.management.queueDefinition(userQueueOf(names, 'A'));
    expect(made?.arguments).toMatchObject({ 'x-fairq-promoted': true });
  });

  it('cannot have its tasks purged or deleted alone, which is said', async () => {
    await run('units', 'set', 'shared:4', '--yes');
    await publish('--user', 'A');
    for (const verb of ['show', 'purge', 'delete']) {
      const { code, stderr } = await run('queues', verb, 'A');
      expect([code, stderr]).toEqual([64, expect.stringContaining('in a queue that light users share')]);
    }
  });

  it('is pruned when it has a queue and that is empty, since what comes meanwhile is shared', async () => {
    await run('units', 'set', 'shared:4', '--yes');
    await run('policy', 'set', 'A', '--cap', '2');
    const pruned = async () => {
      const { stdout } = await run('queues', 'prune', '--idle-for', '0s', '--yes', '--json');
      return (JSON.parse(stdout) as { pruned: number }).pruned === 1;
    };
    await eventually(pruned, { timeoutMs: 60_000, what: 'the queue is listed as empty, and pruned' });
    await publish('--user', 'B');
    expect(await inSpread(4)).toBe(1);
  });
});

it('--units shared:N and --group-by exclude each other', async () => {
  const { code, stderr } = await publish('--units', 'shared:4', '--group-by', 'hash:4', '--user', 'A');
  expect([code, stderr]).toEqual([64, expect.stringContaining('exclude each other')]);
});
