import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GetMessage, Options } from 'amqplib';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { hasCelery, useCelery } from '../support/celery.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, jsonLines, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const celery = useCelery(folder);

const BIN = fileURLToPath(new URL('../../bin/fairq.js', import.meta.url));

/** fairq, which may write no more than so many blocks of 512 bytes into a file. */
function fairqWithin(blocks: number, ...args: string[]) {
  const script = 'ulimit -f "$0"; exec "$@"';
  const program = [String(blocks), process.execPath, BIN, ...args];
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, ...program], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

function save(file: string, ...which: string[]) {
  return fairqJson(env, 'queues', 'delete', ...which, '--save', file, '--yes');
}

/** Takes all messages of a queue. */
async function taken(queue: string): Promise<GetMessage[]> {
  const messages: GetMessage[] = [];
  for (;;) {
    const message = await vhost.channel.get(queue, { noAck: true });
    if (message === false) return messages;
    messages.push(message);
  }
}

async function sendTo(queue: string, content: Buffer, options: Options.Publish): Promise<void> {
  await vhost.channel.assertQueue(queue, { durable: true });
  vhost.channel.sendToQueue(queue, content, options);
  await eventually(async () => (await vhost.ready(queue)) === 1, {
    timeoutMs: 60_000,
    what: `the message is in ${queue}`,
  });
}

describe('queues delete --save', () => {
  it('takes no task out of the queue when the disk has no room for all of them', async () => {
    await fairqJson(env, 'publish', '--user', 'S', '--count', '400');
    const file = folder.file('s.ndjson');
    const { code, stdout, stderr } = fairqWithin(16, 'queues', 'delete', 'S', '--save', file, '--yes');
    expect(stderr).toContain(file);
    expect(stderr).toContain('Nothing was taken out of the queue');
    expect(stdout).toBe('');
    expect(code).toBe(77);
    expect(await vhost.ready('fairq.user.S')).toBe(400);
    expect(existsSync(file)).toBe(false);
    // The same name can be used when there is room.
    expect(await save(file, 'S')).toMatchObject({ deleted: true, saved: 400 });
    expect(readFileSync(file, 'utf8').match(/\n/g)).toHaveLength(400);
  });

  it.each([
    ['that nobody consumes', false],
    ['that a worker consumes', true],
  ])('saves an ordered quorum queue %s, in its order', async (_, isConsumed) => {
    const user = isConsumed ? 'order-2' : 'order-1';
    const publish = ['publish', '--user', user, '--ordered', '--queue-type', 'quorum'];
    await fairqJson(
      env,
      ...publish,
      '--count',
      '1200',
      '--task',
      'sleep',
      '--payload',
      '{"durationMs":3600000}',
    );
    const file = folder.file(`${user}.ndjson`);
    const worker = new RunningFairq(
      ['worker', '--ordered', '--queue-type', 'quorum', '--queues', `*${user}`, '-c', '1'],
      env,
    );
    await worker.says(/: ready/);
    // Its one task runs for an hour; until it is killed the queue is one that a worker has a task of.
    if (isConsumed) {
      const kept = await fairq(env, 'queues', 'delete', user, '--save', file, '--yes');
      expect(kept.code, kept.stderr).toBe(3);
      expect(kept.stdout).toContain('workers have tasks of it');
      expect(existsSync(file)).toBe(false);
    }
    worker.signal('SIGKILL');
    await worker.ended;
    await eventually(async () => (await vhost.ready(`fairq.user.${user}`)) === 1_200, {
      timeoutMs: 90_000,
      what: 'all tasks are ready',
    });
    expect(await save(file, user)).toMatchObject({ deleted: true, saved: 1_200 });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const sequences = lines.map((line) => (JSON.parse(line) as { id: string }).id);
    expect(sequences).toEqual([...sequences].sort());
    expect(new Set(sequences).size).toBe(1_200);
    expect(await fairqJson(env, 'publish', '--from', file, '--ordered')).toMatchObject({
      confirmed: 1_200,
    });
    // No other test is to run them.
    await vhost.channel.deleteQueue(`fairq.user.${user}`);
  });

  it('keeps the id and the run of each task, so that the run is complete after they are sent again', async () => {
    const { id } = await fairqJson(
      env,
      'publish',
      '--user',
      'R',
      '--task',
      'double',
      '--payload',
      '21',
      '--run',
      'r',
    );
    await fairqJson(env, 'publish', '--user', 'R', '--count', '9', '--run', 'r');
    const file = folder.file('r.ndjson');
    await save(file, 'R');
    expect(jsonLines(readFileSync(file, 'utf8'))[0]).toMatchObject({
      id,
      user: 'R',
      task: 'double',
      payload: '21',
      contentType: 'application/json',
      envelope: { run: 'r', sequence: 1, attempt: 1 },
    });
    const sent = await fairqJson(env, 'publish', '--from', file);
    expect(sent).toMatchObject({ confirmed: 10, restored: 10, restoredRuns: ['r'] });
    expect(await fairqJson(env, 'task', String(id))).toMatchObject({ state: 'queued' });
    // Who has sent them again is not taken to be at work still.
    expect(await fairqJson(env, 'report', '--run', 'r')).toMatchObject({ waiting: 10, unknown: 0 });
    await fairq(env, 'worker', '--exit-when', 'empty');
    expect(await fairqJson(env, 'task', String(id))).toMatchObject({ state: 'done', result: 42, run: 'r' });
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'r')).toMatchObject({
      published: 10,
      completed: 10,
      missing: 0,
      duplicates: 0,
    });
    expect((await fairq(env, 'report', '--run', String(sent.run))).code).toBe(64);
  });

  it('keeps whatever a message says of itself', async () => {
    const headers = {
      text: 'ü',
      whole: 42,
      half: 0.5,
      none: null,
      yes: true,
      bytes: Buffer.from([0, 255]),
      list: [1, 'two', { three: 3 }],
      at: { '!': 'timestamp', value: 1_700_000_000 },
    };
    const options = {
      contentType: 'text/x',
      contentEncoding: 'utf-8',
      headers,
      priority: 7,
      correlationId: 'c',
      replyTo: 'answers',
      expiration: '86400000',
      messageId: 'm-1',
      timestamp: 1_700_000_000,
      type: 'job',
      appId: 'app',
      userId: vhost.address.username,
    };
    await sendTo('theirs', Buffer.from([1, 2, 3, 255]), options);
    const file = folder.file('theirs.ndjson');
    await save(file, '--queue', 'theirs');
    await fairqJson(env, 'publish', '--from', file);
    const [message, ...others] = await taken('theirs');
    expect(others).toEqual([]);
    expect(message?.content).toEqual(Buffer.from([1, 2, 3, 255]));
    expect(message?.properties).toMatchObject(options);
  });

  it('gives back a message that says nothing of itself as one that says nothing but an id', async () => {
    await sendTo('bare', Buffer.from('x'), {});
    const file = folder.file('bare.ndjson');
    await save(file, '--queue', 'bare');
    await fairqJson(env, 'publish', '--from', file);
    const [message] = await taken('bare');
    expect(message?.properties).toMatchObject({ type: undefined, contentType: undefined, headers: {} });
    expect(message?.properties.messageId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    [
      'a number that JavaScript rounds',
      { headers: { big: { '!': 'int64', value: '1234567890123456789' } } },
      'big',
    ],
    ['copies for other queues', { CC: 'elsewhere' }, 'CC'],
  ])('refuses what a line cannot hold, and takes nothing out: %s', async (_, options, named) => {
    const queue = `refused-${named}`;
    await vhost.channel.assertQueue(queue, { durable: true });
    for (let i = 0; i < 600; i++) vhost.channel.sendToQueue(queue, Buffer.from('x'), {});
    vhost.channel.sendToQueue(queue, Buffer.from('x'), options);
    await eventually(async () => (await vhost.ready(queue)) === 601, {
      timeoutMs: 60_000,
      what: 'the messages are there',
    });
    const file = folder.file(`${queue}.ndjson`);
    const refused = await fairq(env, 'queues', 'delete', '--queue', queue, '--save', file, '--yes');
    expect(refused.stderr).toContain(named);
    expect(refused.stderr).toContain('Nothing was taken out of the queue');
    expect(refused.code).toBe(77);
    expect(await vhost.ready(queue)).toBe(601);
    expect(existsSync(file)).toBe(false);
  });

  it('refuses a queue that "publish --from" does not send to', async () => {
    const file = folder.file('dead.ndjson');
    const { code, stderr } = await fairq(
      env,
      'queues',
      'delete',
      '--queue',
      'fairq.dead',
      '--save',
      file,
      '--yes',
    );
    expect(stderr).toContain('fairq dead');
    expect(code).toBe(64);
  });

  it.each(['fifo', 'priority'])('sends back what strategy %s had queued', async (strategy) => {
    const queue = strategy === 'fifo' ? 'fairq.shared' : 'fairq.priority';
    await fairqJson(env, 'publish', '--user', 'F', '--strategy', strategy, '--count', '3', '--run', strategy);
    const file = folder.file(`${strategy}.ndjson`);
    expect(await save(file, '--queue', queue)).toMatchObject({ saved: 3 });
    await fairqJson(env, 'publish', '--from', file);
    expect(await vhost.ready(queue)).toBe(3);
    await vhost.channel.purgeQueue(queue);
  });

  it('sends a task twice that was in the queue twice', async () => {
    await fairqJson(env, 'publish', '--user', 'T', '--count', '2');
    const file = folder.file('t.ndjson');
    await save(file, 'T');
    const lines = readFileSync(file, 'utf8');
    writeFileSync(file, lines + lines);
    expect(await fairqJson(env, 'publish', '--from', file)).toMatchObject({ confirmed: 4 });
    expect(await vhost.ready('fairq.user.T')).toBe(4);
  });
});

describe.runIf(hasCelery)('queues delete --save of a Celery queue', () => {
  it("is run by Celery's worker and by fairq's after it was sent again, and the client gets its answer", async () => {
    celery.broker = env.FAIRQ_URI!;
    const name = 'cel_saved';
    const client = celery.run<number[]>(`
results = [double.apply_async(args=(n,), queue='${name}') for n in (21, 4)]
print(json.dumps([r.get(timeout=50) for r in results]))`);
    await eventually(async () => (await vhost.ready(name)) === 2, {
      timeoutMs: 60_000,
      what: 'both are sent',
    });
    const file = folder.file('celery.ndjson');
    await save(file, '--queue', name);
    const [first = '', second = ''] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, first);
    await fairqJson(env, 'publish', '--from', file);
    const handler = folder.file('tasks.mjs');
    writeFileSync(handler, 'export const double = ({ args: [n] }) => 2 * n;');
    const work = ['worker', '--celery', '--queue-prefix', 'cel_', '--handler', handler];
    const worked = await fairq(env, ...work, '--exit-when', 'empty');
    expect(worked.code).toBe(0);
    writeFileSync(file, second);
    await fairqJson(env, 'publish', '--from', file);
    const worker = await celery.worker(name);
    expect(await client).toEqual([42, 8]);
    await worker.stop();
  });
});
