import { afterEach, describe, expect, it } from 'vitest';
import {
  type AppWorkerOptions,
  type ConnectOptions,
  connect,
  type Fairq,
  NonRetryableError,
  type SendOptions,
} from '../../src/library/index.js';
import { fairqJson } from '../support/fairq.js';
import { NetworkProxy } from '../support/network-proxy.js';
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
      [publisher.send('ann', 'a', new Map()), 'BAD_PAYLOAD'],
      [publisher.send('ann', 'a', { n: Number.NaN }), 'BAD_PAYLOAD'],
      [publisher.send('ann', 'a', 1n), 'BAD_PAYLOAD'],
      [publisher.send(5 as unknown as string, 'a'), 'BAD_TASK'],
      [publisher.send('ann', 'a', 1, { qeue: 'b' } as SendOptions), 'BAD_OPTION'],
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

describe('a connection that is lost', () => {
  it('while a publisher begins loses no task, and makes no send fail', async () => {
    const { hostname, port } = new URL(vhost.env.FAIRQ_URI ?? '');
    const proxy = await NetworkProxy.to(hostname, Number(port || 5672));
    try {
      const uri = (vhost.env.FAIRQ_URI ?? '').replace(/@[^/]+/, `@127.0.0.1:${proxy.port}`);
      for (let ms = 1; ms <= 25; ms += 6) {
        const fairq = await open({ uri });
        const sent = Promise.all(Array.from({ length: 50 }, (_, i) => fairq.publisher.send('cut', 'a', i)));
        // The moment is the fault.
        await new Promise((resolve) => setTimeout(resolve, ms));
        proxy.cut();
        expect(await sent).toHaveLength(50);
      }
    } finally {
      await Promise.all(opened.splice(0).map((fairq) => fairq.close()));
      await proxy.close();
    }
  });

  it('does not keep a process from its end: what is not confirmed is told so', async () => {
    const { hostname, port } = new URL(vhost.env.FAIRQ_URI ?? '');
    const proxy = await NetworkProxy.to(hostname, Number(port || 5672));
    const uri = (vhost.env.FAIRQ_URI ?? '').replace(/@[^/]+/, `@127.0.0.1:${proxy.port}`);
    const fairq = await open({ uri });
    await fairq.publisher.send('away', 'a');
    proxy.swallow('toBroker', 'toClient');
    const sent = fairq.publisher.send('away', 'a', 2, { id: 'nobody knows' });
    await Promise.all([
      expect(sent).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
        message: expect.stringContaining('nobody knows'),
      }),
      fairq.close({ withinMs: 100 }),
    ]);
    await proxy.close();
  });
});

describe('a queue that the broker refuses', () => {
  it('ends no publisher: what was on its way is told so, and the next task is sent', async () => {
    const { publisher } = await open();
    await publisher.send('fine', 'a');
    await vhost.channel.assertQueue('fairq.user.taken', { exclusive: true });
    const taken = publisher.send('taken', 'a');
    await expect(taken).rejects.toMatchObject({ name: 'FairqError', code: 'OUTCOME_UNKNOWN' });
    expect(await publisher.send('fine', 'a')).toMatchObject({ user: 'fine' });
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
    await expect(fairq.task('')).rejects.toMatchObject({ code: 'BAD_TASK_ID' });
    const left = fairq.wait(id);
    await Promise.all([expect(left).rejects.toMatchObject({ code: 'CLOSED' }), fairq.close()]);
    await expect(fairq.task(id)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() => fairq.worker({ handlers: { a: () => {} } })).toThrow('closed by the application');
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

describe('a handler', () => {
  it.each<[string, () => unknown, string]>([
    [
      'returns something whose "then" throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: an odd value is what is tested
        then: () => {
          throw new Error('in then');
        },
      }),
      'in then',
    ],
    [
      'throws what cannot be read',
      () => {
        throw Object.defineProperty(new Error('hidden'), 'message', {
          get: () => {
            throw new Error('no');
          },
        });
      },
      'it threw something that cannot be read',
    ],
  ])('that %s has failed, and its worker goes on', async (_, odd, why) => {
    const fairq = await open();
    const { id } = await fairq.publisher.send('odd', 'odd');
    const next = await fairq.publisher.send('odd', 'fine');
    const handlers = { odd, fine: () => 'fine' };
    const run = fairq.worker({ handlers, queues: ['fairq.user.odd'], maxAttempts: 1, count: 2 }).run();
    expect(await run).toMatchObject({ completed: 1, failed: 1 });
    expect(await fairq.task(id)).toMatchObject({ state: 'failed', error: why });
    expect(await fairq.task(next.id)).toMatchObject({ state: 'done', result: 'fine' });
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
