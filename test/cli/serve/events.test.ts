import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventClient, type HeardEvent } from '../../support/event-client.js';
import { fairqJson, RunningFairq } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { RawHttp } from '../../support/raw-http.js';
import { ask, type Serving, sendTask, startServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
let worker: RunningFairq;
/** Two replicas, which know people by their tokens. */
const replicas: Serving[] = [];
const headersOf = new Map<string, Record<string, string>>();

const HANDLERS = `
import { setTimeout as delay } from 'node:timers/promises';
import { existsSync } from 'node:fs';
export async function until(file) { while (!existsSync(file)) await delay(20); return 'opened'; }
export function echo(payload) { return payload; }
export function fails() { throw new Error("it cannot"); }
`;

beforeAll(async () => {
  const people = [['A'], ['B'], ['quiet'], ['watcher', '--role', 'viewer']];
  let lines = '';
  for (const [user = '', ...role] of people) {
    const made = await fairqJson<{ token: string; line: string }>(
      env,
      'serve',
      'token',
      '--user',
      user,
      ...role,
    );
    headersOf.set(user, { authorization: `Bearer ${made.token}` });
    lines += `${made.line}\n`;
  }
  await writeFile(folder.file('tokens'), lines);
  await writeFile(folder.file('handlers.mjs'), HANDLERS);
  const auth = ['--auth', 'tokens', '--tokens-file', folder.file('tokens')];
  replicas.push(await startServing(env, ...auth), await startServing(env, ...auth));
  worker = new RunningFairq(
    ['worker', '--handler', folder.file('handlers.mjs'), '--max-attempts', '2', '--backoff', '50ms'],
    env,
  );
  await worker.says(/ready/);
});
afterAll(async () => {
  for (const process of [worker, ...replicas.map((serving) => serving.process)]) process.signal('SIGTERM');
  expect((await worker.ended).code).toBe(0);
  for (const { process } of replicas) expect((await process.ended).code).toBe(0);
});

const events = (user: string, path: string, lastId?: string, replica = 0) =>
  EventClient.open(replicas[replica]!, path, { headers: headersOf.get(user)!, lastId });
const send = async (user: string, body: object, replica = 0) => {
  const answer = await ask(replicas[replica]!, '/v1/tasks', { headers: headersOf.get(user)!, body });
  expect(answer.status, answer.text).toBe(202);
  return String(answer.json.id);
};
const of = (heard: readonly HeardEvent[], id: string) =>
  heard.filter(({ data }) => data.id === id).map(({ event }) => event);

describe('GET /v1/events', () => {
  it('tells users of their own tasks, and viewers of all', async () => {
    const own = await events('A', '/v1/events');
    const all = await events('watcher', '/v1/events', undefined, 1);
    const some = await events('watcher', '/v1/events?user=B', undefined, 1);
    expect([own.response.status, own.response.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream',
    ]);
    const ofB = await send('B', { task: 'fails' });
    const ofA = await send('A', { task: 'echo' }, 1);
    await all.has(5);
    await some.has(3);
    await own.has(2);
    expect(of(all.events, ofB)).toEqual(['queued', 'retrying', 'failed']);
    expect(of(all.events, ofA)).toEqual(['queued', 'done']);
    expect(of(some.events, ofB)).toEqual(['queued', 'retrying', 'failed']);
    expect(own.events).toEqual([
      {
        event: 'queued',
        id: expect.stringMatching(/^\d+(\.\d+)?$/),
        data: expect.objectContaining({
          id: ofA,
          state: 'queued',
          user: 'A',
          task: 'echo',
          queue: 'fairq.user.A',
        }),
      },
      {
        event: 'done',
        id: expect.stringMatching(/^\d+(\.\d+)?$/),
        data: expect.objectContaining({
          id: ofA,
          state: 'done',
          attempt: 1,
          startedAt: expect.stringMatching(/Z$/),
          finishedAt: expect.stringMatching(/Z$/),
        }),
      },
    ]);
    for (const client of [own, all, some]) client.close();
  });

  it.each([
    ['of another user', '/v1/events?user=B', undefined, 403, 'forbidden'],
    ['after what is no event', '/v1/events', 'x', 400, 'bad-event-id'],
    ['after what is no event, in the query', '/v1/events?lastEventId=1.2.3', undefined, 400, 'bad-event-id'],
    ['after too large an offset', '/v1/events', '9999999999999999', 400, 'bad-event-id'],
  ])('refuses a user who asks for events %s', async (_, path, lastId, status, slug) => {
    const client = await events('A', path, lastId);
    expect(client.response.status).toBe(status);
    expect(client.response.headers.get('content-type')).toBe('application/problem+json');
    await client.ended();
    expect(JSON.parse(client.rest)).toMatchObject({ type: `urn:fairq:problem:${slug}` });
  });

  it('resumes on any replica, with nothing missed and nothing twice, wherever it broke off', async () => {
    const whole = await events('A', '/v1/events');
    // Of one message, and of several.
    for (let batch = 0; batch < 3; batch++) {
      const lines = Array.from({ length: 40 }, () => '{"task":"echo"}').join('\n');
      const headers = { ...headersOf.get('A')!, 'content-type': 'application/x-ndjson' };
      const answer = await ask(replicas[batch % 2]!, '/v1/tasks/batch', { headers, body: lines });
      expect(answer.text.match(/"id"/g)).toHaveLength(40);
    }
    await whole.has(240);
    expect(whole.events.some(({ id }) => id?.includes('.'))).toBe(true);
    const told = whole.events.map(({ event, id, data }) => `${id} ${event} ${data.id}`);
    expect(new Set(told).size).toBe(240);
    for (const at of [0, 1, 39, 40, 100, 238]) {
      const { id } = whole.events[at]!;
      const again =
        at % 2 === 0
          ? await events('A', '/v1/events', id, 1)
          : await events('A', `/v1/events?lastEventId=${id}`, undefined, 1);
      const later = await again.has(239 - at);
      expect(later.map(({ event, id, data }) => `${id} ${event} ${data.id}`)).toEqual(told.slice(at + 1));
      again.close();
    }
    whole.close();
  });

  it('goes on live after it has resumed, while others go on writing', async () => {
    const live = await events('A', '/v1/events');
    await live.says(({ lastId }) => lastId !== undefined);
    const begun = live.lastId;
    const sent: string[] = [];
    const clients: EventClient[] = [];
    for (let round = 0; round < 10; round++) {
      sent.push(await send('A', { task: 'echo' }, round % 2));
      clients.push(await events('A', '/v1/events', begun, round % 2));
    }
    const told = (client: EventClient) =>
      client.events.map(({ event, data }) => `${event} ${data.id}`).sort();
    const all = sent.flatMap((id) => [`done ${id}`, `queued ${id}`]).sort();
    for (const client of [live, ...clients]) {
      await client.has(all.length);
      expect(told(client).filter((line) => sent.some((id) => line.endsWith(id)))).toEqual(all);
      client.close();
    }
  });

  it('resumes after what came before the first event', async () => {
    await send('quiet', { task: 'echo' });
    const first = await events('quiet', '/v1/events');
    await first.says((client) => client.lastId !== undefined);
    first.close();
    const id = await send('quiet', { task: 'echo' });
    const second = await events('quiet', '/v1/events', first.lastId, 1);
    await second.has(2);
    expect(of(second.events, id)).toEqual(['queued', 'done']);
    second.close();
  });

  it('says that events may be missing after one that is not there', async () => {
    const client = await events('A', '/v1/events', '4000000000');
    await client.has(1);
    expect(client.events[0]).toMatchObject({ event: 'gap' });
    const id = await send('A', { task: 'echo' });
    await client.has(3);
    expect(of(client.events, id)).toEqual(['queued', 'done']);
    client.close();
  });

  it('answers HEAD without a stream', async () => {
    for (let times = 0; times < 30; times++) {
      const answer = await ask(replicas[0]!, '/v1/events', { headers: headersOf.get('A')!, method: 'HEAD' });
      expect(answer.status).toBe(200);
    }
  });

  it('is open so often for one user, and no more often', async () => {
    const clients: EventClient[] = [];
    for (let count = 0; count < 20; count++) clients.push(await events('quiet', '/v1/events'));
    const more = await events('quiet', '/v1/events');
    expect([more.response.status, more.response.headers.get('retry-after')]).toEqual([429, '5']);
    clients[0]!.close();
    await more.ended();
    await clients[0]!.ended();
    let again = await events('quiet', '/v1/events');
    while (again.response.status !== 200) again = await events('quiet', '/v1/events');
    for (const client of [...clients, again]) client.close();
  });
});

describe('GET /v1/tasks/{id}/events', () => {
  it('tells where a task stands, and goes on until it has ended', async () => {
    const gate = folder.file('gate');
    const id = await send('A', { task: 'until', payload: gate });
    const client = await events('A', `/v1/tasks/${id}/events`, undefined, 1);
    await client.says(({ events }) => events.some(({ event }) => event === 'started'));
    await writeFile(gate, '');
    const heard = await client.ended();
    const names = heard.map(({ event }) => event);
    expect(names.slice(-2)).toEqual(['started', 'done']);
    expect(heard.every(({ data }) => data.id === id && data.user === 'A')).toBe(true);
    // A browser asks again after the end, and is told that there is no more.
    const again = await events('A', `/v1/tasks/${id}/events`, client.lastId);
    expect(again.response.status).toBe(204);
    // Whoever has missed the end is told of it.
    const missed = await events('A', `/v1/tasks/${id}/events`, heard[0]!.id);
    expect((await missed.ended()).map(({ event }) => event)).toEqual(['done']);
    const late = await events('A', `/v1/tasks/${id}/events`);
    expect(await late.ended()).toEqual([
      { event: 'done', id: expect.any(String), data: expect.objectContaining({ id, result: 'opened' }) },
    ]);
  });

  it('resumes a task that goes on', async () => {
    const gate = folder.file('gate2');
    const id = await send('A', { task: 'until', payload: gate });
    const first = await events('A', `/v1/tasks/${id}/events`);
    await first.has(1);
    first.close();
    const second = await events('A', `/v1/tasks/${id}/events`, first.lastId, 1);
    expect(second.response.status).toBe(200);
    await writeFile(gate, '');
    expect((await second.ended()).at(-1)).toMatchObject({ event: 'done', data: { id } });
  });

  it('tells nobody of the task of another user', async () => {
    const id = await send('A', { task: 'echo' });
    const client = await events('B', `/v1/tasks/${id}/events`);
    expect(client.response.status).toBe(404);
    const viewer = await events('watcher', `/v1/tasks/${id}/events`);
    expect((await viewer.ended()).at(-1)).toMatchObject({ event: 'done' });
    expect((await events('A', '/v1/tasks/nix/events')).response.status).toBe(404);
  });
});

describe('a server with open event streams', () => {
  it('ends them when it ends, with word of when to come again', async () => {
    const other = await startServing(env);
    const headers = { 'x-fairq-user': 'A' };
    const client = await EventClient.open(other, '/v1/events', { headers });
    await client.says(({ retryMs }) => retryMs === 3_000);
    other.process.signal('SIGTERM');
    await client.ended();
    expect(client.retryMs).toBe(1_000);
    expect((await other.process.ended).code).toBe(0);
  });

  it('refuses more in all than it may have', async () => {
    const other = await startServing(env, '--max-streams', '2');
    const open = (user: string) =>
      EventClient.open(other, '/v1/events', { headers: { 'x-fairq-user': user } });
    const clients = [await open('A'), await open('B')];
    expect((await open('C')).response.status).toBe(503);
    for (const client of clients) client.close();
    other.process.signal('SIGTERM');
    expect((await other.process.ended).code).toBe(0);
  });

  it('cuts off whoever does not read, and tells the rest to whoever comes again', async () => {
    const other = await startServing(env);
    const raw = await RawHttp.to(other.url);
    raw.head('GET /v1/events HTTP/1.1', 'Host: localhost', 'X-Fairq-User: watcher');
    await raw.says('retry: 3000');
    raw.socket.pause();
    const id = await sendTask(other, 'A', 'echo');
    // More than the kernel and the server hold for one who does not read.
    const user = 'u'.repeat(240);
    for (let round = 0; round < 5; round++) {
      const body = '{"task":"echo"}\n'.repeat(2_000);
      const headers = { 'content-type': 'application/x-ndjson', 'x-fairq-user': user };
      const answer = await ask(other, '/v1/tasks/batch', { headers, body });
      expect(answer.text).not.toContain('"problem"');
    }
    raw.socket.resume();
    const received = await raw.ends();
    const ids = [...received.matchAll(/^id: (\S+)$/gm)].map(([, text]) => text!);
    expect(received).toContain(id);
    const last = ids.at(-1)!;
    const again = await EventClient.open(other, '/v1/events', {
      headers: { 'x-fairq-user': 'watcher' },
      lastId: last,
    });
    const [first] = await again.has(1);
    expect(first!.event).not.toBe('gap');
    again.close();
    other.process.signal('SIGTERM');
    expect((await other.process.ended).code).toBe(0);
  });
});
