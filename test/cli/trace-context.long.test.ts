import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/library/index.js';
import { fairq, fairqJson, fairqPartly, jsonLines, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { ask, startServingApart, useServing } from '../support/serving.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const serving = useServing(env);

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const tracestate = 'congo=t61rcWkgMzE';
const headers = { traceparent, tracestate };
const NONE = { traceparent: null, tracestate: null };

/** What a handler was told of its task. */
interface Told {
  readonly id: string;
  readonly attempt: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

const log = () => folder.file('told.ndjson');
beforeAll(async () => {
  await writeFile(
    folder.file('handlers.mjs'),
    `import { appendFileSync } from 'node:fs';
     const note = ({ id, attempt, traceparent = null, tracestate = null }) =>
       appendFileSync(${JSON.stringify(log())}, JSON.stringify({ id, attempt, traceparent, tracestate }) + '\\n');
     export function look(_, context) { note(context); }
     export { look as 'tasks.look' };
     export function flaky(_, context) { note(context); if (context.attempt === 1) throw new Error('not yet'); }
     export function fails(_, context) { note(context); throw new Error('never'); }`,
  );
});
beforeEach(() => writeFile(log(), ''));

async function told(): Promise<Told[]> {
  const text = await readFile(log(), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Told]));
}

async function post(task: string, more: object = {}, trace: Record<string, string> = headers) {
  const { status, json } = await ask(serving, '/v1/tasks', {
    user: 'ann',
    headers: trace,
    body: { task, ...more },
  });
  expect(status).toBe(202);
  return String(json.id);
}

const worker = (...flags: string[]) => [
  ...['worker', '--exit-when', 'empty', '--handler', folder.file('handlers.mjs'), '--backoff', '20ms'],
  ...flags,
];

describe('the traceparent of a request', () => {
  it('is told to the handler and shown with the task, and its tracestate is told', async () => {
    const id = await post('look');
    await fairqJson(env, ...worker());
    expect(await told()).toEqual([{ id, attempt: 1, ...headers }]);
    expect(await fairqJson(env, 'task', id)).toMatchObject({ state: 'done', traceparent });
    expect((await fairq(env, 'task', id)).stdout).toContain(`trace    ${traceparent}`);
    const { json } = await ask(serving, `/v1/tasks/${id}`, { user: 'ann' });
    expect(json).toMatchObject({ state: 'done', traceparent });
  });

  it('is left out where it is none, and the task is sent', async () => {
    const id = await post('look', {}, { traceparent: `${traceparent}<script>`, tracestate });
    await fairqJson(env, ...worker());
    expect(await told()).toEqual([{ id, attempt: 1, ...NONE }]);
    expect(await fairqJson(env, 'task', id)).not.toHaveProperty('traceparent');
  });

  it('counts for every line of a batch', async () => {
    const body = ['look', 'flaky'].map((task) => `${JSON.stringify({ task })}\n`).join('');
    const answer = await fetch(`${serving.url}/v1/tasks/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'x-fairq-user': 'ann', ...headers },
      body,
    });
    const ids = jsonLines<{ id: string }>(await answer.text()).map(({ id }) => id);
    await fairqJson(env, ...worker('--concurrency', '1'));
    const seen = (await told()).filter(({ attempt }) => attempt === 1);
    expect(seen).toEqual(ids.map((id) => ({ id, attempt: 1, ...headers })));
  });

  it("is beside Celery's own headers where Celery's workers run the task", async () => {
    const server = await startServingApart(env, '--celery', '--queue-prefix', 'celery_');
    const body = { task: 'tasks.double', args: [21] };
    const { json } = await ask(server, '/v1/tasks', { user: 'ann', headers, body });
    server.process.signal('SIGTERM');
    await server.process.ended;
    const message = await vhost.channel.get('celery_ann', { noAck: true });
    if (message === false) throw new Error('nothing was sent');
    expect(message.properties.headers).toMatchObject({ id: json.id, task: 'tasks.double', ...headers });
  });

  it('is kept while the task waits until it is due, and over a retry', async () => {
    const runAt = new Date(Date.now() + 300).toISOString();
    const id = await post('flaky', { runAt });
    await fairqJson(env, ...worker());
    expect(await told()).toEqual([
      { id, attempt: 1, ...headers },
      { id, attempt: 2, ...headers },
    ]);
  });

  it('is kept by a dead letter and by its redrive', async () => {
    const id = await post('fails');
    await fairqPartly(env, ...worker('--max-attempts', '1'));
    expect(await fairqJson(env, 'task', id)).toMatchObject({ state: 'failed', traceparent });
    await fairqJson(env, 'dead', 'redrive', '--user', 'ann', '--yes');
    await fairqPartly(env, ...worker('--max-attempts', '1'));
    expect(await told()).toEqual([
      { id, attempt: 1, ...headers },
      { id, attempt: 2, ...headers },
    ]);
    await fairq(env, 'dead', 'discard', '--user', 'ann', '--yes');
  });

  it("is an environment variable of a program, which has nothing of its worker's own trace", async () => {
    const ids = [await post('program'), await post('program', {}, {})];
    const own = { ...env, TRACEPARENT: 'of-the-worker', TRACESTATE: 'of=the-worker' };
    const program = new RunningFairq(
      ['worker', '--exit-when', 'empty', '--exec', `echo "\${TRACEPARENT-none} \${TRACESTATE-none}"`],
      own,
    );
    expect((await program.ended).code).toBe(0);
    const results = await Promise.all(
      ids.map(async (id) => (await fairqJson<{ result: unknown }>(env, 'task', id)).result),
    );
    expect(results).toEqual([`${traceparent} ${tracestate}`, 'none none']);
  });
});

describe("the traceparent of a message's headers", () => {
  it('counts whoever has sent it, and is checked', async () => {
    const { id: first } = await fairqJson(env, 'publish', '--user', 'bob', '--task', 'look');
    const send = (messageId: string, its: object) =>
      vhost.channel.publish('fairq', 'bob', Buffer.from('1'), { messageId, type: 'look', headers: its });
    send('second', headers);
    send('third', { traceparent: 'x'.repeat(10_000), tracestate });
    send('fourth', { traceparent: Buffer.from(traceparent) });
    await vhost.channel.checkQueue('fairq.user.bob');
    await fairqJson(env, ...worker('--concurrency', '1'));
    expect(await told()).toEqual([
      { id: first, attempt: 1, ...NONE },
      { id: 'second', attempt: 1, ...headers },
      { id: 'third', attempt: 1, ...NONE },
      { id: 'fourth', attempt: 1, ...NONE },
    ]);
    expect(await fairqJson(env, 'task', 'second')).toMatchObject({ traceparent });
    expect(await fairqJson(env, 'task', 'third')).not.toHaveProperty('traceparent');
  });

  it('counts in a message of a Celery client', async () => {
    await vhost.channel.assertQueue('usersequence_cy', { durable: true });
    const body = JSON.stringify([[1], {}, {}]);
    vhost.channel.sendToQueue('usersequence_cy', Buffer.from(body), {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      headers: { lang: 'py', task: 'tasks.look', id: 'of-celery', ...headers },
    });
    await vhost.channel.checkQueue('usersequence_cy');
    await fairqJson(env, ...worker('--celery', '--queue-prefix', 'usersequence_'));
    expect(await told()).toEqual([{ id: 'of-celery', attempt: 1, ...headers }]);
  });
});

describe('the traceparent that an application gives', () => {
  it('goes with the task, unless it is none', async () => {
    const { FAIRQ_URI: uri = '', FAIRQ_MANAGEMENT_URI: managementUri = '' } = env;
    const application = await connect({ uri, managementUri });
    const seen: unknown[] = [];
    try {
      await application.publisher.send('cat', 'look', 1, headers);
      await application.publisher.send('cat', 'look', 2, { traceparent: 'none' });
      await application.publisher.send('cat', 'look', 3, { traceparent: undefined });
      await application
        .worker({
          handlers: { look: (payload, its) => void seen.push([payload, its.traceparent, its.tracestate]) },
          queues: ['fairq.user.cat'],
          exitWhen: 'empty',
          concurrency: 1,
        })
        .run();
    } finally {
      await application.close();
    }
    expect(seen).toEqual([
      [1, traceparent, tracestate],
      [2, undefined, undefined],
      [3, undefined, undefined],
    ]);
  });
});
