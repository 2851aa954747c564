import { afterEach, describe, expect, it } from 'vitest';
import {
  type AppWorkerOptions,
  type ConnectOptions,
  connect,
  type Fairq,
  NonRetryableError,
} from '../../src/library/index.js';
import { fairqJson } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const opened: Fairq[] = [];

async function open(options: ConnectOptions = {}): Promise<Fairq> {
  const { FAIRQ_URI: uri = '', FAIRQ_MANAGEMENT_URI: managementUri = '' } = vhost.env;
  const fairq = await connect({ uri, managementUri, ...options });
  opened.push(fairq);
  return fairq;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((fairq) => fairq.close()));
});

describe('a publisher of the library', () => {
  it('sends tasks that workers run, in the order of each user, and a report counts them', async () => {
    const fairq = await open();
    const seen: unknown[] = [];
    const sent = await Promise.all(
      [1, 2, 3].map((n) => fairq.publisher.send('ann', 'note', { n, big: '12345678901234567890' })),
    );
    expect(sent.map(({ user, run }) => [user, run])).toEqual(Array(3).fill(['ann', fairq.publisher.run]));
    const worker = fairq.worker({
      handlers: {
        note: (payload, { user, id }) => {
          seen.push([user, (payload as { n: number }).n, id]);
        },
      },
      exitWhen: 'empty',
      concurrency: 1,
    });
    expect(await worker.run()).toMatchObject({ completed: 3, failed: 0, users: 1 });
    expect(seen).toEqual(sent.map(({ id }, i) => ['ann', i + 1, id]));
    await fairq.publisher.close();
    const report = await fairqJson(vhost.env, 'report', '--run', fairq.publisher.run);
    expect(report).toMatchObject({ published: 3, completed: 3, missing: 0 });
  });

  it('hands payloads to handlers as they were: values, texts, bytes and none', async () => {
    const fairq = await open();
    const payloads = [{ a: [1, null] }, 'a text', 0, undefined, Buffer.from([0, 255])];
    for (const [i, payload] of payloads.entries())
      await fairq.publisher.send('bob', 'take', payload, { id: `payload ${i}` });
    const taken = new Map<string, unknown>();
    const handlers = {
      take: (payload: unknown, { id }: { id: string }) => {
        taken.set(id, payload);
      },
    };
    await fairq.worker({ handlers, exitWhen: 'empty' }).run();
    expect(payloads.map((_, i) => taken.get(`payload ${i}`))).toEqual(payloads);
  });

  it('gives two tasks with one id two answers, and refuses what cannot be sent before anything is', async () => {
    const { publisher } = await open();
    const twins = [
      publisher.send('ann', 'a', 1, { id: 'twin' }),
      publisher.send('bob', 'a', 2, { id: 'twin' }),
    ];
    expect((await Promise.all(twins)).map(({ user }) => user)).toEqual(['ann', 'bob']);
    const refused: [Promise<unknown>, string][] = [
      [publisher.send('', 'a'), 'EMPTY_USER'],
      [publisher.send('x'.repeat(300), 'a'), 'USER_TOO_LONG'],
      [publisher.send('ann', ''), 'BAD_TASK_NAME'],
      [publisher.send('ann', 'a', 1, { id: '' }), 'BAD_TASK_ID'],
      [publisher.send('ann', 'a', () => 1), 'BAD_PAYLOAD'],
      [publisher.send('ann', 'a', 1, { queue: 'fairq.user.bob' }), 'BAD_QUEUE'],
    ];
    for (const [sent, code] of refused)
      await expect(sent).rejects.toMatchObject({ name: 'FairqError', code });
    await publisher.close();
    await expect(publisher.send('ann', 'a')).rejects.toMatchObject({ code: 'PUBLISHER_CLOSED' });
  });

  it('says which task a full queue does not take', async () => {
    const fairq = await open();
    await vhost.channel.assertQueue('full', {
      durable: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    await fairq.publisher.send('ann', 'a', 1, { queue: 'full' });
    const refused = fairq.publisher.send('ann', 'a', 2, { queue: 'full', id: 'too much' });
    await expect(refused).rejects.toMatchObject({
      code: 'TASK_NOT_TAKEN',
      kind: 'refused',
      message: expect.stringContaining('too much'),
    });
    expect(await fairq.publisher.send('bob', 'a')).toMatchObject({ user: 'bob' });
  });
});

describe('a task', () => {
  it('is queued, then done with its result; a failed one has its error', async () => {
    const fairq = await open();
    const good = await fairq.publisher.send('dora', 'twice', 21);
    const bad = await fairq.publisher.send('dora', 'never', 1);
    expect(await fairq.task(good.id)).toMatchObject({ state: 'queued', user: 'dora', task: 'twice' });
    const ended = Promise.all([fairq.wait(good.id), fairq.wait(bad.id)]);
    const worker = fairq.worker({
      queues: ['fairq.user.dora'],
      handlers: {
        twice: (payload) => 2 * (payload as number),
        never: () => {
          throw new NonRetryableError('no');
        },
      },
    });
    const running = worker.run();
    expect(await ended).toMatchObject([
      { state: 'done', result: 42 },
      { state: 'failed', error: 'no' },
    ]);
    worker.stop();
    expect(await running).toMatchObject({ completed: 1, failed: 1, retried: 0 });
  });

  it('is unknown where nobody has heard of it, and the wait for one can be given up', async () => {
    const fairq = await open();
    expect(await fairq.task('00000000-0000-7000-8000-000000000000')).toMatchObject({ state: 'unknown' });
    const { id } = await fairq.publisher.send('ann', 'waits');
    const giveUp = new AbortController();
    const waiting = fairq.wait(id, { signal: giveUp.signal });
    giveUp.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const left = fairq.wait(id);
    await Promise.all([expect(left).rejects.toMatchObject({ code: 'CLOSED' }), fairq.close()]);
    await expect(fairq.task('')).rejects.toMatchObject({ code: 'BAD_TASK_ID' });
  });
});

describe('a worker of the library', () => {
  it('finishes what runs when its signal is aborted, and gives the rest back', async () => {
    const fairq = await open();
    for (let i = 0; i < 5; i++) await fairq.publisher.send('carl', 'long', i);
    const stop = new AbortController();
    let done = 0;
    const worker = fairq.worker({
      queues: ['fairq.user.carl'],
      concurrency: 1,
      handlers: {
        long: async () => {
          stop.abort();
          await new Promise((resolve) => setImmediate(resolve));
          done++;
        },
      },
    });
    expect(await worker.run({ signal: stop.signal })).toMatchObject({ completed: 1 });
    expect(done).toBe(1);
    expect(await vhost.ready('fairq.user.carl')).toBe(4);
    await expect(worker.run()).rejects.toMatchObject({ code: 'WORKER_BEGUN' });
  });

  it('is made of options that make sense alone', async () => {
    const fairq = await open();
    const noop = () => {};
    const wrong: [object, RegExp][] = [
      [{ handlers: {} }, /no handler/],
      [{ handlers: { a: 1 } }, /handlers\.a: not a function/],
      [{ handlers: { a: noop }, concurrency: 1.5 }, /concurrency/],
      [{ handlers: { a: noop }, concurency: 2 }, /concurency/],
      [{ handlers: { a: noop }, queueType: 'other' }, /queueType/],
      [{ handlers: { a: noop }, backoff: 'x' }, /backoff/],
    ];
    for (const [options, why] of wrong) expect(() => fairq.worker(options as AppWorkerOptions)).toThrow(why);
    expect(() => fairq.newPublisher({ run: '' })).toThrow('run');
  });
});

describe('connect', () => {
  it('tells by the kind of its error who has to act', async () => {
    await expect(connect({ url: 'amqp://x' } as ConnectOptions)).rejects.toMatchObject({
      code: 'BAD_OPTION',
    });
    await expect(connect({ uri: 'http://x' })).rejects.toMatchObject({ kind: 'usage', code: 'BAD_URI' });
    await expect(connect({ uri: 'amqp://127.0.0.1:1' })).rejects.toMatchObject({ kind: 'unreachable' });
  });
});
