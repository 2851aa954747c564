import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { fairqJson, RunningFairq } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { ask, sendTask, startServing, useServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const serving = useServing(env, '--allow-queue', 'reports');
let worker: RunningFairq;

const HANDLERS = `
import { setTimeout as delay } from 'node:timers/promises';
import { existsSync } from 'node:fs';
export async function until(file) { while (!existsSync(file)) await delay(20); return 'opened'; }
export function echo(payload) { return payload; }
export function size(payload, { user }) { return { user, text: JSON.stringify(payload) }; }
export function nothing() {}
export function bytes() { return Buffer.from([0, 255]); }
export function fails() { throw new Error("it cannot"); }
`;

beforeAll(async () => {
  const module = folder.file('handlers.mjs');
  await writeFile(module, HANDLERS);
  worker = new RunningFairq(
    ['worker', '--handler', module, '--max-attempts', '1', '--exclude', 'fairq.user.nobody*'],
    env,
  );
  await worker.says(/ready/);
});
afterAll(async () => {
  worker.signal('SIGTERM');
  await worker.ended;
});

describe('POST /v1/tasks', () => {
  it('answers with 202 and where to ask, after the confirm, and sends for whoever asks', async () => {
    const { status, json, headers } = await ask(serving, '/v1/tasks', {
      user: 'nobody',
      body: { task: 'echo' },
    });
    expect(status).toBe(202);
    expect(json).toEqual({ id: expect.any(String), user: 'nobody' });
    expect(headers.get('location')).toBe(`/v1/tasks/${json.id}`);
    expect(await vhost.ready('fairq.user.nobody')).toBe(1);
    const asked = await fairqJson<object>(env, 'task', String(json.id));
    expect(asked).toMatchObject({
      state: 'queued',
      user: 'nobody',
      task: 'echo',
      queue: 'fairq.user.nobody',
    });
  });

  it('answers with the result where that is preferred, as it was written', async () => {
    const payload = '{"big":9007199254740993,"e":1e400,"__proto__":{"x":1},"nested":[[[]]]}';
    const { status, text, headers } = await ask(serving, '/v1/tasks', {
      user: 'A',
      headers: { prefer: 'respond-async, wait=30' },
      body: `{ "task": "size",\n "payload": ${payload} }`,
    });
    expect(status, text).toBe(200);
    expect(headers.get('preference-applied')).toBe('wait=30');
    const { result } = JSON.parse(text);
    // What JavaScript has made of it in the handler: nothing was lost on the way to it.
    expect(result).toEqual({ user: 'A', text: JSON.stringify(JSON.parse(payload)) });
  });

  it.each([
    ['nothing', undefined, { state: 'done', result: null }],
    ['bytes', undefined, { state: 'done', resultBase64: 'AP8=' }],
    ['echo', 'text', { state: 'done', result: 'text' }],
    ['fails', undefined, { state: 'failed', error: 'it cannot' }],
  ])('waits for the end of %s', async (task, payload, expected) => {
    const { status, json } = await ask(serving, '/v1/tasks', {
      user: 'A',
      headers: { prefer: 'wait=30' },
      body: { task, payload },
    });
    expect([status, json]).toEqual([200, expect.objectContaining(expected)]);
  });

  it('answers with 202 where the task has not ended in time', async () => {
    const gate = folder.file('late');
    const { status, json } = await ask(serving, '/v1/tasks', {
      user: 'A',
      headers: { prefer: 'wait=1' },
      body: { task: 'until', payload: gate },
    });
    expect(status).toBe(202);
    await writeFile(gate, '');
    await eventually(
      async () => (await ask(serving, `/v1/tasks/${json.id}`, { user: 'A' })).json.state === 'done',
      {
        timeoutMs: 60_000,
        what: 'the task is done',
      },
    );
  });

  it('sends to a queue that belongs to no user', async () => {
    const { status } = await ask(serving, '/v1/tasks', {
      user: 'A',
      body: { task: 'echo', queue: 'reports' },
    });
    expect(status).toBe(202);
    expect(await vhost.ready('reports')).toBe(1);
  });

  it.each([
    ['no JSON', '{"task":', {}, 400, 'bad-json'],
    ['an empty body', '', {}, 400, 'bad-json'],
    ['NaN', '{"task":"echo","payload":NaN}', {}, 400, 'bad-json'],
    ['another type', '{"task":"echo"}', { 'content-type': 'text/plain' }, 415, 'not-json'],
    ['no task', '{}', {}, 400, 'bad-request'],
    ['a member that nobody knows', '{"task":"echo","taks":1}', {}, 400, 'bad-request'],
    ['another user', '{"task":"echo","user":"B"}', {}, 403, 'foreign-user'],
    ['a queue that is not allowed', '{"task":"echo","queue":"payments"}', {}, 403, 'foreign-queue'],
    ['the same, named by the task', '{"task":"payments:echo"}', {}, 403, 'foreign-queue'],
    ['a compressed body', '{"task":"echo"}', { 'content-encoding': 'gzip' }, 415, 'encoded-body'],
    ['a queue of fairq', '{"task":"echo","queue":"fairq.user.B"}', {}, 400, 'bad-queue'],
    ['a queue named by the task', '{"task":"amq.x:echo"}', {}, 400, 'bad-queue'],
    ['a name of 300 bytes', `{"task":"${'x'.repeat(300)}"}`, {}, 400, 'bad-request'],
    ['half a character', '{"task":"\\ud800"}', {}, 400, 'bad-request'],
    ['too much', `{"task":"echo","payload":"${'x'.repeat(1_100_000)}"}`, {}, 413, 'body-too-large'],
  ])('refuses %s, and sends nothing', async (_, body, headers, status, slug) => {
    const answer = await ask(serving, '/v1/tasks', { user: 'refused', body, headers });
    expect([answer.status, answer.json.type]).toEqual([status, `urn:fairq:problem:${slug}`]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await vhost.ready('fairq.user.refused')).toBeUndefined();
  });

  it('counts a body that comes in chunks, and refuses what is no UTF-8', async () => {
    const post = async (pieces: readonly Buffer[]) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const piece of pieces) controller.enqueue(piece);
          controller.close();
        },
      });
      const headers = { 'content-type': 'application/json', 'x-fairq-user': 'refused' };
      const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
      return (await fetch(`${serving.url}/v1/tasks`, init)).status;
    };
    const piece = Buffer.alloc(300_000, ' ');
    expect(await post([piece, piece, piece, piece])).toBe(413);
    expect(await post([Buffer.from('{"task":"'), Buffer.from([0xff]), Buffer.from('"}')])).toBe(400);
    expect(await post([Buffer.from('{"task":'), Buffer.from('"echo"}')])).toBe(202);
  });

  it('takes a payload that is nested as deeply as it fits', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const { status } = await ask(serving, '/v1/tasks', {
      user: 'deep',
      body: `{"task":"nothing","payload":${deep}}`,
    });
    expect(status).toBe(202);
  });

  it('sends for users of any name', async () => {
    for (const user of ['"><img src=x onerror=alert(1)>', 'a/b?c#d%20']) {
      const { status, json } = await ask(serving, '/v1/tasks', {
        user,
        headers: { prefer: 'wait=30' },
        body: { task: 'size' },
      });
      expect([status, json.user]).toEqual([200, user]);
    }
  });
});

describe('GET /v1/tasks/{id}', () => {
  it('follows a task from its queue to its end', async () => {
    const gate = folder.file('gate');
    const id = await sendTask(serving, 'walker', 'until', gate);
    const state = async () => (await ask(serving, `/v1/tasks/${id}`, { user: 'walker' })).json;
    await eventually(async () => (await state()).state === 'started', {
      timeoutMs: 60_000,
      what: 'the task has started',
    });
    expect(await state()).toMatchObject({
      id,
      user: 'walker',
      task: 'until',
      attempt: 1,
      sentAt: expect.any(String),
    });
    await writeFile(gate, '');
    await eventually(async () => (await state()).state === 'done', { timeoutMs: 60_000, what: 'it is done' });
    expect(await state()).toMatchObject({ result: 'opened', finishedAt: expect.stringMatching(/Z$/) });
  });

  it('knows what another server was asked, and what was there before it came', async () => {
    const id = await sendTask(serving, 'nobody', 'echo');
    const old = await fairqJson<{ id: string }>(env, 'publish', '--user', 'nobody');
    const other = await startServing(env);
    for (const asked of [id, old.id]) {
      const { status, json } = await ask(other, `/v1/tasks/${asked}`, { user: 'nobody' });
      expect([status, json.state]).toEqual([200, 'queued']);
    }
    const later = await sendTask(serving, 'nobody', 'echo');
    expect((await ask(other, `/v1/tasks/${later}`, { user: 'nobody' })).json.state).toBe('queued');
    other.process.signal('SIGTERM');
    expect((await other.process.ended).code).toBe(0);
  });

  it('knows nothing of an id that nobody has heard of', async () => {
    // The second time nothing is read.
    for (const id of ['nix', 'nix', '01a21bea-99e2-7000-a6f7-965ead3cfaeb', '%00', 'x'.repeat(400)]) {
      const { status, json } = await ask(serving, `/v1/tasks/${id}`, { user: 'A' });
      expect([status, json.type]).toEqual([404, 'urn:fairq:problem:no-such-task']);
    }
  });
});

describe('a task with a moment', () => {
  it('does not start before, goes to its queue then, and says when it is due', async () => {
    const runAt = new Date(Date.now() + 3_000).toISOString();
    const body = { task: 'echo', payload: 'late', runAt };
    const { status, json } = await ask(serving, '/v1/tasks', { user: 'later', body });
    expect(status).toBe(202);
    const state = async () => (await ask(serving, `/v1/tasks/${json.id}`, { user: 'later' })).json;
    expect(await state()).toMatchObject({ state: 'queued', queue: 'fairq.user.later', runAt });
    await eventually(async () => (await state()).state === 'done', { timeoutMs: 60_000, what: 'it is done' });
    const { startedAt, result } = await state();
    expect(result).toBe('late');
    expect(Date.parse(String(startedAt))).toBeGreaterThanOrEqual(Date.parse(runAt));
  });

  it('that is over starts at once, and one that is years ahead is refused', async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const send = (runAt: string) =>
      ask(serving, '/v1/tasks', {
        user: 'later',
        headers: { prefer: 'wait=30' },
        body: { task: 'echo', payload: 1, runAt },
      });
    expect((await send(at(-60_000))).json).toMatchObject({ state: 'done', result: 1 });
    expect((await send(at(2 * 366 * 86_400_000))).json.type).toBe('urn:fairq:problem:too-far-ahead');
    expect((await send('tomorrow')).status).toBe(400);
  });
});
