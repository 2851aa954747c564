import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { RunningFairq } from '../../support/fairq.js';
import { NetworkProxy } from '../../support/network-proxy.js';
import { RawHttp } from '../../support/raw-http.js';
import { ask, type Serving, startServingApart } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const TASK = { task: 'noop' };
const NDJSON = { 'content-type': 'application/x-ndjson' };
let proxy: NetworkProxy;
let throughProxy: Record<string, string>;

beforeAll(async () => {
  const uri = new URL(env.FAIRQ_URI!);
  proxy = await NetworkProxy.to(uri.hostname, Number(uri.port));
  uri.port = String(proxy.port);
  throughProxy = { ...env, FAIRQ_URI: uri.href };
});
afterEach(() => {
  proxy.accept();
  proxy.heal();
});
afterAll(() => proxy.close());

async function end(serving: Serving): Promise<void> {
  serving.process.signal('SIGTERM');
  expect((await serving.process.ended).code).toBe(0);
}

const sent = async (user: string) => (await vhost.ready(`fairq.user.${user}`)) ?? 0;

describe('--max-backlog', () => {
  it('refuses a user who has too many tasks waiting, and no other', async () => {
    const serving = await startServingApart(env, '--max-backlog', '5', '--allow-queue', 'free');
    const post = (user: string, body: object = TASK) => ask(serving, '/v1/tasks', { user, body });
    for (let count = 0; count < 5; count++) expect((await post('full')).status).toBe(202);
    const refused = await post('full');
    expect([refused.status, refused.json.type]).toEqual([429, 'urn:fairq:problem:backlog-full']);
    // Nobody knows how fast its tasks end: none has.
    expect(refused.headers.get('retry-after')).toBe('10');
    expect((await post('other')).status).toBe(202);
    expect((await post('full', { ...TASK, queue: 'free' })).status).toBe(202);
    const worker = new RunningFairq(['worker', '--exit-when', 'empty'], env);
    expect((await worker.ended).code).toBe(0);
    await eventually(async () => (await post('full')).status === 202, {
      timeoutMs: 60_000,
      what: 'room for another task',
    });
    await end(serving);
  });

  it('counts many that come at once, and answers the rest of a batch line by line', async () => {
    const serving = await startServingApart(env, '--max-backlog', '20');
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => ask(serving, '/v1/tasks', { user: 'storm', body: TASK })),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40);
    expect(await sent('storm')).toBe(20);
    const body = '{"task":"noop"}\n'.repeat(50);
    const { text } = await ask(serving, '/v1/tasks/batch', { user: 'batch', headers: NDJSON, body });
    expect(text.match(/"id":/g)).toHaveLength(20);
    expect(text.match(/backlog-full/g)).toHaveLength(30);
    expect(await sent('batch')).toBe(20);
    await end(serving);
  });
});

describe('the end of a server', () => {
  it('answers 200 requests that wait for a result with 202', async () => {
    const serving = await startServingApart(env);
    const waiting = Array.from({ length: 200 }, () =>
      ask(serving, '/v1/tasks', { user: 'waits', headers: { prefer: 'wait=30' }, body: TASK }),
    );
    await eventually(async () => (await sent('waits')) === 200, {
      timeoutMs: 60_000,
      what: 'all 200 tasks to be confirmed',
    });
    await end(serving);
    expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([202]));
    expect(serving.process.stderr).not.toContain('MaxListenersExceeded');
  });

  it('tells probes and others that it ends, while it waits for a confirm', async () => {
    const serving = await startServingApart(throughProxy);
    const post = () => ask(serving, '/v1/tasks', { user: 'late', body: TASK });
    expect((await post()).status).toBe(202);
    proxy.swallow('toClient');
    const unconfirmed = post();
    await eventually(() => proxy.swallowedBytes > 0, { timeoutMs: 60_000, what: 'a word of the broker' });
    serving.process.signal('SIGTERM');
    await eventually(async () => (await ask(serving, '/readyz')).status === 503, {
      timeoutMs: 60_000,
      what: 'a server that is not ready',
    });
    expect((await ask(serving, '/livez')).status).toBe(200);
    const refused = await post();
    expect([refused.status, refused.json.type]).toEqual([503, 'urn:fairq:problem:ending']);
    proxy.heal();
    // Which of the two depends on who is sooner: the broker's word on another connection, or the time limit.
    const { status } = await unconfirmed;
    expect([202, 504]).toContain(status);
    if (status === 202) expect(await sent('late')).toBe(2);
    expect((await serving.process.ended).code).toBe(0);
    expect(await sent('late')).toBeGreaterThanOrEqual(1);
  });
});

describe('a broker that goes away', () => {
  it('in the middle of a batch: every line is answered, and what was confirmed is there', async () => {
    const serving = await startServingApart(throughProxy, '--confirm-timeout', '2s');
    const raw = await RawHttp.to(serving.url);
    raw.head(
      'POST /v1/tasks/batch HTTP/1.1',
      'Host: localhost',
      'X-Fairq-User: gone',
      'Content-Type: application/x-ndjson',
      'Transfer-Encoding: chunked',
    );
    raw.chunk('{"task":"noop"}\n'.repeat(10));
    await raw.says('"line":10,');
    proxy.refuse();
    await eventually(async () => (await ask(serving, '/readyz')).status === 503, {
      timeoutMs: 60_000,
      what: 'a server that knows of it',
    });
    raw.chunk('{"task":"noop"}\n'.repeat(5_000));
    await raw.says('"line":5010,');
    expect(raw.received.match(/problem:(unavailable|outcome-unknown)"/g)).toHaveLength(5_000);
    const single = await ask(serving, '/v1/tasks', { user: 'gone', body: TASK });
    expect([single.status, single.headers.get('retry-after')]).toEqual([503, '5']);
    proxy.accept();
    await eventually(async () => (await ask(serving, '/readyz')).status === 200, {
      timeoutMs: 60_000,
      what: 'a server that is ready again',
    });
    raw.chunk('{"task":"noop"}\n').write('0\r\n\r\n');
    await raw.says(/"line":5011,"id"/);
    raw.close();
    expect(await sent('gone')).toBe(11);
    await end(serving);
  });

  it('between a task and its confirm: nobody is told that it was sent who cannot know', async () => {
    const serving = await startServingApart(throughProxy, '--confirm-timeout', '1s');
    const post = () => ask(serving, '/v1/tasks', { user: 'unknown', body: TASK });
    expect((await post()).status).toBe(202);
    proxy.swallow('toClient');
    const { status, json } = await post();
    expect([status, json.type, typeof json.id]).toEqual([504, 'urn:fairq:problem:outcome-unknown', 'string']);
    proxy.heal();
    await eventually(async () => (await post()).status === 202, {
      timeoutMs: 60_000,
      what: 'a task that is sent',
    });
    expect(await sent('unknown')).toBeGreaterThanOrEqual(2);
    await end(serving);
  });
});
