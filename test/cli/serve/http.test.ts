import { describe, expect, it } from 'vitest';
import { RunningFairq } from '../../support/fairq.js';
import { RawHttp } from '../../support/raw-http.js';
import { ask, startServing, useServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const ORIGIN = 'https://app.example';
const serving = useServing(env, '--max-body', '1000', '--body-timeout', '2s', '--allow-origin', ORIGIN);

const TASK = '{"task":"noop"}';
const POST = [
  'POST /v1/tasks HTTP/1.1',
  'Host: localhost',
  'X-Fairq-User: raw',
  'Content-Type: application/json',
];

async function answerTo(...head: readonly string[]): Promise<string> {
  const raw = await RawHttp.to(serving.url);
  raw.head(...head, 'Connection: close');
  return raw.ends();
}

/** What was sent for a user so far. */
const sent = async (user: string) => (await vhost.ready(`fairq.user.${user}`)) ?? 0;

describe('a request that is no proper HTTP', () => {
  it.each([
    ['two lengths', ['Content-Length: 15', 'Content-Length: 16']],
    ['a length, and chunks', ['Content-Length: 15', 'Transfer-Encoding: chunked']],
    ['a length that is no number', ['Content-Length: +15']],
    ['two hosts', ['Host: evil.example', 'Content-Length: 15']],
    ['chunks in another coding', ['Transfer-Encoding: chunked, gzip']],
  ])('is refused with %s, and the connection closed', async (_, lines) => {
    const raw = await RawHttp.to(serving.url);
    raw.head(...POST, ...lines).write(TASK);
    raw.head('GET /livez HTTP/1.1', 'Host: localhost');
    const received = await raw.ends();
    // A connection that is closed while something comes takes the answer with it.
    expect(received).toMatch(/^(HTTP\/1.1 400 |$)/);
    expect(received).not.toContain('200 OK');
    expect(await sent('raw')).toBe(0);
  });

  it('is refused without a host, and with one that is none', async () => {
    expect(await answerTo('GET /livez HTTP/1.1')).toMatch(/^HTTP\/1.1 400 /);
    expect(await answerTo('GET /livez HTTP/1.1', 'Host: a/../b')).toMatch(/^HTTP\/1.1 400 /);
    expect(await answerTo('GET /livez HTTP/1.1', 'Host: localhost@evil.example')).toMatch(/^HTTP\/1.1 4/);
  });
});

describe('a path', () => {
  it.each([
    ['//v1/tasks', 404],
    ['/v1//tasks', 404],
    ['/v1/tasks/', 404],
    ['/V1/tasks/x', 404],
    ['/v1/%2e%2e/livez', 200],
    ['/v1/tasks/%2e%2e/%2e%2e/livez', 200],
    ['/v1/tasks/%', 404],
    ['/v1/tasks/%ff', 404],
    ['/v1/tasks/..%2flivez', 404],
    ['http://localhost/livez', 200],
    ['http://evil.example/livez', 421],
    ['*', 400],
    ['/v1\\tasks', 400],
  ])('%s is answered with %d', async (path, status) => {
    const received = await answerTo(`GET ${path} HTTP/1.1`, 'Host: localhost', 'X-Fairq-User: A');
    expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('names a task in any characters', async () => {
    const id = 'a/b?c#d%20é';
    const line = JSON.stringify({ id, user: 'A', task: 'noop' });
    expect((await new RunningFairq(['publish', '--from', '-'], env, line).ended).code).toBe(0);
    const { status, json } = await ask(serving, `/v1/tasks/${encodeURIComponent(id)}`, { user: 'A' });
    expect([status, json.id]).toEqual([200, id]);
  });

  it('tells which methods it has', async () => {
    const wrong = await ask(serving, '/v1/tasks', { user: 'A', method: 'DELETE' });
    expect([wrong.status, wrong.json.type, wrong.headers.get('allow')]).toEqual([
      405,
      'urn:fairq:problem:no-such-method',
      'OPTIONS, POST',
    ]);
    const options = await ask(serving, '/v1/tasks/x', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect((await ask(serving, '/v1/nothing', { method: 'OPTIONS' })).status).toBe(404);
  });

  it('is answered to HEAD as to GET, without a body', async () => {
    const received = await answerTo('HEAD /livez HTTP/1.1', 'Host: localhost');
    expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  });
});

describe('a body', () => {
  it('is asked for where the client waits for that, and refused before it is sent where it is too large', async () => {
    const raw = await RawHttp.to(serving.url);
    raw.head(...POST, 'Expect: 100-continue', 'Content-Length: 15');
    await raw.says('HTTP/1.1 100 Continue');
    raw.write(TASK);
    await raw.says('HTTP/1.1 202 Accepted');
    raw.head(...POST, 'Expect: 100-continue', 'Content-Length: 1001');
    const received = await raw.ends();
    expect(received.match(/100 Continue/g)).toHaveLength(1);
    expect(received).toMatch(/HTTP\/1.1 413 [\s\S]*body-too-large/);
    expect(await answerTo(...POST, 'Expect: something', 'Content-Length: 15')).toMatch(/^HTTP\/1.1 417 /);
  });

  it('in chunks may have extensions and trailers', async () => {
    const raw = await RawHttp.to(serving.url);
    raw.head(...POST, 'Transfer-Encoding: chunked', 'Connection: close');
    raw.write(`7;x="y"\r\n${TASK.slice(0, 7)}\r\n8\r\n${TASK.slice(7)}\r\n0\r\nX-Fairq-User: B\r\n\r\n`);
    expect(await raw.ends()).toMatch(/^HTTP\/1.1 202 [\s\S]*"user":"raw"/);
  });

  it.each([
    ['with a length', (body: string) => [`Content-Length: ${body.length}`, body]],
    [
      'in chunks',
      (body: string) => ['Transfer-Encoding: chunked', `${body.length.toString(16)}\r\n${body}\r\n`],
    ],
  ])('that is too large is no next request, %s, and whoever still sends reads why', async (_, framed) => {
    const hidden = [
      ...POST.map((line) => line.replace('raw', 'hidden')),
      'Content-Length: 15',
      '',
      TASK,
    ].join('\r\n');
    const [header = '', body = ''] = framed(`${' '.repeat(100_000)}${hidden}`.repeat(20));
    const raw = await RawHttp.to(serving.url);
    raw
      .head(...POST, header)
      .write(body)
      .write(`${hidden}${hidden}`);
    const received = await raw.ends();
    expect(received).toMatch(/^HTTP\/1.1 413 [\s\S]*connection: close[\s\S]*body-too-large/i);
    expect(received.match(/HTTP\/1.1/g)).toHaveLength(1);
    expect(await sent('hidden')).toBe(0);
  });

  it('that comes too slowly is not waited for, and no request follows it', async () => {
    const raw = await RawHttp.to(serving.url);
    raw.head(...POST.map((line) => line.replace('raw', 'tardy')), 'Content-Length: 15').write('{"task"');
    const received = await raw.says('body-too-slow');
    expect(received).toMatch(/^HTTP\/1.1 408 [\s\S]*connection: close/i);
    raw.write(':"noop"}').head('GET /livez HTTP/1.1', 'Host: localhost');
    expect(await raw.ends()).not.toContain('200 OK');
    expect(await sent('tardy')).toBe(0);
  });

  it('that nobody asked for is not waited for', async () => {
    const raw = await RawHttp.to(serving.url);
    raw.head('GET /livez HTTP/1.1', 'Host: localhost', 'Content-Length: 1000000');
    expect(await raw.ends()).toMatch(/^HTTP\/1.1 200 OK[\s\S]*connection: close/i);
  });

  it('in pieces of one byte takes no more memory than it has bytes', async () => {
    const raw = await RawHttp.to(serving.url);
    raw.head(...POST, 'Transfer-Encoding: chunked', 'Connection: close');
    for (const character of TASK) raw.chunk(character);
    raw.write('0\r\n\r\n');
    expect(await raw.ends()).toMatch(/^HTTP\/1.1 202 /);
  });
});

describe('headers', () => {
  it('that come too slowly, or not at all, are not waited for', async () => {
    const slow = await RawHttp.to(serving.url);
    slow.write('GET /livez HTTP/1.1\r\nHost: local');
    const silent = await RawHttp.to(serving.url);
    expect(await slow.ends()).toMatch(/^HTTP\/1.1 408 /);
    expect(await silent.ends()).toMatch(/^(HTTP\/1.1 408 |$)/);
  });

  it('that are too many are refused', async () => {
    expect(await answerTo('GET /livez HTTP/1.1', 'Host: localhost', `X: ${'x'.repeat(20_000)}`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
  });

  it('that are no UTF-8 name nobody', async () => {
    const received = await answerTo('GET /v1/tasks/x HTTP/1.1', 'Host: localhost', 'X-Fairq-User: caf\xe9');
    expect(received).toMatch(/^HTTP\/1.1 401 /);
    expect(received).toContain('not UTF-8');
  });
});

describe('a page of another origin', () => {
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'prefer' };

  it('may ask and read answers where its origin is allowed, errors too', async () => {
    const allowed = await ask(serving, '/v1/tasks', {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, ...preflight },
    });
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'OPTIONS, POST',
      'access-control-allow-headers': expect.stringContaining('idempotency-key'),
      vary: 'origin',
    });
    const headers = { origin: ORIGIN };
    for (const answer of [
      await ask(serving, '/v1/tasks', { user: 'cors', headers, body: { task: 'noop' } }),
      await ask(serving, '/v1/tasks', { headers, body: { task: 'noop' } }),
      await ask(serving, '/v1/nothing', { headers }),
    ]) {
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
        expect.any(Number),
        ORIGIN,
      ]);
      expect(answer.headers.get('access-control-expose-headers')).toContain('location');
    }
    expect(await sent('cors')).toBe(1);
  });

  it.each(['https://evil.example', 'https://app.example:444', 'null', 'http://app.example'])(
    'is told nothing where it is %s',
    async (origin) => {
      const headers = { origin, cookie: 'session=1' };
      const asked = await ask(serving, '/v1/tasks', { method: 'OPTIONS', headers: { origin, ...preflight } });
      const read = await ask(serving, '/livez', { headers });
      const write = await ask(serving, '/v1/tasks', { user: 'evil', headers, body: { task: 'noop' } });
      const allowing = [asked, read, write].flatMap((answer) =>
        [...answer.headers.keys()].filter((name) => name.startsWith('access-control-')),
      );
      expect(allowing).toEqual([]);
      expect([write.status, write.json.type]).toEqual([403, 'urn:fairq:problem:foreign-origin']);
      expect(await sent('evil')).toBe(0);
    },
  );

  it('is of no consequence where no origin is allowed', async () => {
    const other = await startServing(env);
    const { headers } = await ask(other, '/livez', { headers: { origin: ORIGIN } });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    other.process.signal('SIGTERM');
    expect((await other.process.ended).code).toBe(0);
  });
});

describe('many connections', () => {
  it('that ask nothing keep nobody from an answer', async () => {
    const idle = await Promise.all(Array.from({ length: 1_000 }, () => RawHttp.to(serving.url)));
    const { status } = await ask(serving, '/v1/tasks', { user: 'among', body: { task: 'noop' } });
    expect(status).toBe(202);
    for (const raw of idle) raw.close();
  });

  it('are closed at once beyond those that there may be', async () => {
    const other = await startServing(env, '--max-connections', '3');
    const some = await Promise.all([RawHttp.to(other.url), RawHttp.to(other.url)]);
    for (const raw of some) {
      raw.head('GET /livez HTTP/1.1', 'Host: localhost');
      await raw.says('200 OK');
    }
    const last = await RawHttp.to(other.url);
    last.head('GET /livez HTTP/1.1', 'Host: localhost');
    await last.says('200 OK');
    expect(await (await RawHttp.to(other.url)).ends()).toBe('');
    last.close();
    await last.ends();
    const { status } = await ask(other, '/livez');
    expect(status).toBe(200);
    for (const raw of some) raw.close();
    other.process.signal('SIGTERM');
    expect((await other.process.ended).code).toBe(0);
  });
});
