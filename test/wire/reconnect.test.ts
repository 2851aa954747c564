import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { Publisher } from '../../src/broker/publishing/publisher.js';
import { assertTopology, CLASSIC } from '../../src/broker/queues/topology.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { PublishReport } from '../../src/core/reports/publish-report.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { times } from '../support/times.js';
import { addressOf, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
let proxy: NetworkProxy;
/** By way of the proxy. */
let env: Record<string, string>;

beforeAll(async () => {
  const [host] = vhost.address.hosts;
  proxy = await NetworkProxy.to(host!.hostname, host!.port);
  const uri = new URL(vhost.env.FAIRQ_URI!);
  uri.hostname = '127.0.0.1';
  uri.port = `${proxy.port}`;
  env = { ...vhost.env, FAIRQ_URI: uri.href };
});
afterAll(() => proxy.close());

async function report(run: string): Promise<RunReport> {
  return fairqJson<RunReport>(vhost.env, 'report', '--run', run);
}

describe('a broker that is not there yet', () => {
  it('is waited for where --reconnect-for says so, and is an error at once where it does not', async () => {
    proxy.refuse();
    expect((await fairq(env, 'worker')).code).toBe(69);
    const late = ['--reconnect-for', '1ms', 'publish', '--user', 'never'];
    expect((await fairq(env, ...late)).code).toBe(69);
    const worker = new FairqHere(['--reconnect-for', 'forever', 'worker'], env);
    await worker.says(/ended the connection before it had answered; trying again/);
    proxy.accept();
    await worker.says(/ready, /);
    worker.signal('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  });
});

describe('a publisher that waits for results', () => {
  it('misses none that came while its connection was lost', async () => {
    const task = ['--task', 'echo', '--payload', '7', '--wait', '--run', 'waits'];
    const publisher = new FairqHere(['publish', '--user', 'waits', '--count', '200', ...task], env);
    await eventually(async () => (await vhost.ready('fairq.user.waits')) === 200, {
      timeoutMs: 60_000,
      what: 'all tasks',
    });
    await fairqJson(vhost.env, 'worker', '--count', '50');
    await eventually(() => times(publisher.stdout, 'result') > 0, { timeoutMs: 60_000, what: 'results' });
    proxy.cut();
    await fairqJson(vhost.env, 'worker', '--exit-when', 'empty');
    const { code, stdout, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(ids).toHaveLength(200);
    expect(new Set(ids).size).toBe(200);
  });
});

describe('a publisher whose connection is cut', () => {
  it('sends again what was not confirmed, and says so once', async () => {
    const args = ['--json', 'publish', '--user', 'cut', '--run', 'cut', '--count', '20000', '--rate', '4000'];
    const publisher = new FairqHere(args, env);
    for (const [cuts, share] of [2_000, 8_000].entries()) {
      const arrived = async () =>
        times(publisher.stderr, 'connected again') === cuts &&
        ((await vhost.ready('fairq.user.cut')) ?? 0) > share;
      await eventually(arrived, { timeoutMs: 60_000, what: `${share} tasks` });
      proxy.cut();
    }
    const { code, stdout, stderr } = await publisher.ended;
    expect(stderr).toContain('connected again');
    expect(times(stderr, 'was lost')).toBe(2);
    expect(code).toBe(0);
    expect(JSON.parse(stdout) as PublishReport).toMatchObject({ confirmed: 20_000 });
    await fairqJson(vhost.env, 'worker', '--exit-when', 'empty');
    expect(await report('cut')).toMatchObject({ published: 20_000, completed: 20_000, missing: 0 });
  });

  it('wakes everyone who waits for it, however many they are', async () => {
    const address = addressOf(new URL(env.FAIRQ_URI!), inject('managementUri'), vhost.address.vhost);
    const connection = await openConnection(address, 'test', { reconnectForMs: 60_000 });
    const names = namesFor('fairq');
    await assertTopology(connection, names, 'classic');
    const options = { queueKind: CLASSIC, onConfirmed: () => {} };
    const publisher = await Publisher.open(connection, names, options, () => performance.now());
    proxy.refuse();
    await eventually(async () => !publisher.hasRoom, { timeoutMs: 60_000, what: 'the cut' });
    const note = (text: string) => publisher.record('note', Buffer.from(text));
    const waiting = [note('1'), publisher.ready(), note('2'), publisher.ready()];
    proxy.accept();
    await Promise.all(waiting);
    await connection.close();
  });

  it('gives up when its time is over, with exit code 69 and what to do', async () => {
    const publisher = new FairqHere(
      [
        'publish',
        '--user',
        'late',
        '--run',
        'late',
        '--count',
        '1000',
        '--rate',
        '100/s',
        '--reconnect-for',
        '300ms',
      ],
      env,
    );
    await eventually(async () => ((await vhost.ready('fairq.user.late')) ?? 0) > 10, {
      timeoutMs: 60_000,
      what: 'the first tasks',
    });
    proxy.refuse();
    const { code, stderr } = await publisher.ended;
    proxy.accept();
    expect(code).toBe(69);
    expect(stderr).toContain('was lost');
    expect(stderr).toContain('--reconnect-for');
  });

  it('fails early when there is no broker at the start', async () => {
    proxy.refuse();
    const { code, stderr } = await fairq(env, 'publish', '--user', 'A', '--count', '1');
    proxy.accept();
    expect(code).toBe(69);
    expect(stderr).toContain('ended the connection before it had answered');
  });
});

describe('a worker whose connection is cut', () => {
  it('takes up every queue again, and loses nothing', async () => {
    await fairqJson(vhost.env, 'publish', '--users', '20', '--count', '1000', '--run', 'worker');
    const worker = new FairqHere(['--json', 'worker', '--exit-when', 'empty'], env);
    for (const left of [18_000, 10_000]) {
      const waiting = async () => {
        const counts = Array.from({ length: 20 }, (_, i) => vhost.ready(`fairq.user.user-${i + 1}`));
        return (await Promise.all(counts)).reduce<number>((sum, count) => sum + (count ?? 0), 0);
      };
      await eventually(async () => (await waiting()) < left, { timeoutMs: 60_000, what: `${left} left` });
      proxy.cut();
    }
    const { code, stderr } = await worker.ended;
    expect(code).toBe(0);
    expect(times(stderr, 'was lost')).toBe(2);
    const { completed, missing } = await report('worker');
    expect({ completed, missing }).toEqual({ completed: 20_000, missing: 0 });
  });

  it('does not start a second time what still runs here, or has ended and was not acknowledged', async () => {
    const handler = folder.file('slow.mjs');
    const started = folder.file('started.txt');
    await writeFile(started, '');
    await writeFile(
      handler,
      `import { appendFileSync, existsSync } from 'node:fs';
       export async function slow(_, { id }) {
         appendFileSync(${JSON.stringify(started)}, id + '\\n');
         while (!existsSync(${JSON.stringify(folder.file('go'))})) await new Promise((r) => setTimeout(r, 5));
       }`,
    );
    await fairqJson(vhost.env, 'publish', '--user', 'S', '--count', '4', '--task', 'slow', '--run', 'slow');
    const worker = new RunningFairq(
      ['--json', 'worker', '--exit-when', 'empty', '--concurrency', '4', '--handler', handler],
      env,
    );
    const { readFile } = await import('node:fs/promises');
    const starts = async () => (await readFile(started, 'utf8')).trim().split('\n').filter(Boolean);
    await eventually(async () => (await starts()).length === 4, { timeoutMs: 60_000, what: 'four starts' });
    proxy.cut();
    await worker.says(/connected again/);
    // Delivered again, they are unacknowledged at the new connection.
    await eventually(async () => (await vhost.ready('fairq.user.S')) === 0, {
      timeoutMs: 60_000,
      what: 'them here',
    });
    await writeFile(folder.file('go'), '');
    const { code, stdout } = await worker.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout) as WorkerReport).toMatchObject({ completed: 4 });
    expect((await starts()).length).toBe(4);
    expect(await report('slow')).toMatchObject({ completed: 4, missing: 0, duplicates: 0 });
  });

  it('does not run again what is done, where the acknowledgement was lost on its way', async () => {
    const publish = (run: string) => fairqJson(vhost.env, 'publish', '--user', 'L', '--run', run);
    await publish('acknowledged');
    const worker = new FairqHere(['--json', 'worker', '--queues', 'fairq.user.L'], env);
    proxy.swallowAfter('fairq.completions', 'toBroker');
    await eventually(async () => (await report('acknowledged')).completed === 1 && proxy.swallowedBytes > 0, {
      timeoutMs: 60_000,
      what: 'it is done, and what follows is lost',
    });
    proxy.heal();
    await worker.says(/connected again/, 60_000);
    // It comes after the one that the broker delivers again.
    await publish('next');
    await eventually(async () => (await report('next')).completed === 1, {
      timeoutMs: 60_000,
      what: 'the next is done',
    });
    worker.signal('SIGTERM');
    const { stdout } = await worker.ended;
    expect(JSON.parse(stdout) as WorkerReport).toMatchObject({ completed: 2 });
    expect(await report('acknowledged')).toMatchObject({ completed: 1, duplicates: 0 });
    expect(await vhost.ready('fairq.user.L')).toBe(0);
  });

  it('hears of new users again', async () => {
    const worker = new FairqHere(['worker'], env);
    await worker.says(/ready, /);
    proxy.cut();
    await worker.says(/connected again/);
    await fairqJson(vhost.env, 'publish', '--user', 'afterwards', '--count', '1', '--run', 'afterwards');
    await eventually(async () => (await report('afterwards')).outstanding === 0, {
      timeoutMs: 60_000,
      what: 'its task',
    });
    worker.signal('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  });
});

describe('several addresses', () => {
  it('are tried in turn, by the publisher and by the worker', async () => {
    const free = await NetworkProxy.to('127.0.0.1', 1);
    const nobody = free.port;
    await free.close();
    const uri = vhost.env.FAIRQ_URI!;
    const dead = new URL(uri);
    dead.port = `${nobody}`;
    const several = {
      ...vhost.env,
      FAIRQ_URI: `${dead.href},${uri}`,
      FAIRQ_MANAGEMENT_URI: `http://127.0.0.1:${nobody},${inject('managementUri')}`,
    };
    await fairqJson(several, 'publish', '--user', 'M', '--count', '10', '--run', 'several');
    await fairqJson(several, 'worker', '--exit-when', 'empty');
    expect(await report('several')).toMatchObject({ completed: 10, missing: 0 });
  });

  it('have to be of one cluster', async () => {
    const { code, stderr } = await fairq(
      {},
      '--uri',
      'amqp://a:x@h1/v',
      '--uri',
      'amqp://b:x@h2/v',
      'report',
    );
    expect(code).toBe(64);
    expect(stderr).toContain('differ in more than the host');
  });
});
