import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasCelery, useCelery } from '../support/celery.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const app = useCelery(useFolder());
let worker: RunningFairq | undefined;

beforeAll(() => {
  app.broker = env.FAIRQ_URI ?? '';
});
afterEach(async () => {
  worker?.signal('SIGTERM');
  await worker?.ended;
  worker = undefined;
  await fairqJson(env, 'dead', 'discard', '--all', '--yes');
});

async function fairqWorker(): Promise<void> {
  worker = new RunningFairq(['worker', '--celery', '--queues', 'q_*', '--backoff', '50ms'], env);
  await worker.says(/: ready, /);
}

/** The task echoes its first argument; a client that gets no result says so. */
const send = (options: string) => `
app.control.add_consumer('q_A', reply=True)
r = app.send_task('tasks.echo', (dict(a='ü'),), queue='q_A', ${options})
try: print(json.dumps([r.get(timeout=20), r.state]))
except Exception as e: print(json.dumps([type(e).__name__, str(e), r.state]))`;

interface Letter {
  id: string;
  user: string;
  attempts: number;
  reason: string;
}
const dead = async () => (await fairqJson<{ letters: Letter[] }>(env, 'dead', 'list')).letters;

describe.skipIf(!hasCelery)('of what a real Celery client sends, a fairq worker', () => {
  it.each([
    [
      'protocol 1',
      `); app.conf.task_protocol = 1; r = app.send_task('tasks.echo', (dict(a='ü'),), queue='q_A'`,
    ],
    ['bodies compressed with zlib', "compression='zlib'"],
    ['bodies compressed with gzip', "compression='gzip'"],
    ['tasks that do not expire yet', 'expires=60'],
  ])('runs %s', async (_, options) => {
    await fairqWorker();
    expect(await app.run(send(options))).toEqual([{ a: 'ü' }, 'SUCCESS']);
    expect(await dead()).toEqual([]);
  });

  it.each([
    ['pickle, and never loads it', "serializer='pickle'", 'its body is pickle'],
    ['YAML', "serializer='yaml'", 'its body is YAML'],
    ['other compressions', "compression='bzip2'", 'compressed with "application/x-bz2"'],
    ['tasks with a callback', 'link=noop.s()', 'hang on its result (callbacks)'],
    ['tasks with an errback', 'link_error=noop.s()', 'hang on its result (errbacks)'],
    ['chains', 'chain=[noop.s()]', 'hang on its result (chain)'],
    ['chords', 'chord=noop.s()', 'hang on its result (chord)'],
  ])('refuses %s at once, and tells the client', async (_, options, reason) => {
    await fairqWorker();
    const got = await app.run<string[]>(send(options));
    expect(got).toEqual(['InvalidTaskError', expect.stringContaining(reason), 'FAILURE']);
    expect(await dead()).toMatchObject([{ user: 'A', attempts: 1, reason: expect.stringContaining(reason) }]);
  });

  it('refuses a chain, and tells the client that waits for its last task', async () => {
    await fairqWorker();
    const got = await app.run<string[]>(`
app.control.add_consumer('q_A', reply=True)
step = lambda: app.signature('tasks.echo', ('x',), queue='q_A', immutable=True)
from celery import chain
r = chain(step(), step(), step())()
try: print(json.dumps([r.get(timeout=20), r.state]))
except Exception as e: print(json.dumps([type(e).__name__, str(e), r.state]))`);
    expect(got).toEqual(['InvalidTaskError', expect.stringContaining('(chain)'), 'FAILURE']);
  });

  it('does not start a task that has expired, and calls it revoked', async () => {
    await fairqWorker();
    // One that just waits goes by itself: Celery gives the message that time to live.
    const got = await app.run(send('expires=0.01, countdown=0.3'));
    expect(got).toEqual(['TaskRevokedError', 'expired', 'REVOKED']);
    expect(await dead()).toMatchObject([{ attempts: 1, reason: expect.stringMatching(/^expired: /) }]);
  });

  it('starts a task at its time and not before, as its first attempt, whoever waits for it', async () => {
    await fairqWorker();
    const sent = app.run<[object, number]>(`
app.control.add_consumer('q_E', reply=True)
from time import time
def timed(**when):
    at = time()
    return app.send_task('tasks.echo', (1,), queue='q_E', **when), at
late = [timed(countdown=2.7), timed(countdown=0.25), timed(countdown=-5)]
app.conf.task_protocol = 1
late.append(timed(countdown=1.3))
took = []
for r, at in sorted(late, key=lambda one: one[1]):
    r.get(timeout=30); took.append(time() - at)
print(json.dumps([took[0] >= 2.7, took[1] >= 0.25, took[3] >= 1.3]))`);
    // It waits on the broker, in no worker's memory: another one goes on with it.
    await eventually(async () => (await vhost.ready('q_E')) === 0, { timeoutMs: 60_000, what: 'q_E' });
    worker?.signal('SIGKILL');
    await worker?.ended;
    await fairqWorker();
    expect(await sent).toEqual([true, true, true]);
    expect(await dead()).toEqual([]);
  });

  it('waits for what is not due before it says that all is empty', async () => {
    await app.run(`app.send_task('tasks.noop', queue='q_W', countdown=1.5); print(1)`);
    const flags = ['--celery', '--queues', 'q_W', '--exit-when', 'empty'];
    expect(await fairqJson(env, 'worker', ...flags)).toMatchObject({ completed: 1, failed: 0, retried: 0 });
  });
});

describe('of what no client sends, a fairq worker', () => {
  const json = { contentType: 'application/json' };
  it.each([
    ['no JSON', 'x', { ...json, headers: { task: 't' } }, 'is not the JSON'],
    ['a number', '7', { ...json, headers: { task: 't' } }, 'neither [args, kwargs, embed] nor a table'],
    ['no name', '[[],{},{}]', { ...json, headers: { id: '1' } }, 'neither [args'],
    ['a name that is none', '{"args":[]}', { ...json, headers: { task: 7 } }, 'which Celery task it is'],
    ['args that are no list', '[{},{},{}]', { ...json, headers: { task: 't' } }, 'args are not a list'],
    ['kwargs that are no table', '[[],[],{}]', { ...json, headers: { task: 't' } }, 'kwargs not a table'],
    [
      'an eta that is no time',
      '[[],{},{}]',
      { ...json, headers: { task: 't', eta: 'soon' } },
      'its eta is no time',
    ],
    ['no content type', '[[],{},{}]', { headers: { task: 't' } }, 'nothing that it says'],
    ['another encoding', '[[],{},{}]', { ...json, contentEncoding: 'utf-16', headers: {} }, 'utf-16'],
    [
      'nothing compressed',
      'x',
      { ...json, headers: { task: 't', compression: 'zlib' } },
      'does not decompress',
    ],
  ])('refuses %s', async (_, body, options, reason) => {
    await vhost.channel.assertQueue('q_bad', { durable: true });
    vhost.channel.sendToQueue('q_bad', Buffer.from(body), { ...options, replyTo: 'x'.repeat(255) });
    await fairqWorker();
    await eventually(async () => (await dead()).length > 0, { timeoutMs: 60_000, what: 'the letter' });
    expect(await dead()).toMatchObject([{ attempts: 1, reason: expect.stringContaining(reason) }]);
  });
});
