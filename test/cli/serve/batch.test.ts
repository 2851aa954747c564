import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RawHttp } from '../../support/raw-http.js';
import { ask, startServing, useServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const serving = useServing(env, '--max-body', '1000');
const NDJSON = { 'content-type': 'application/x-ndjson' };

interface LineAnswer {
  readonly line: number;
  readonly id?: string;
  readonly user?: string;
  readonly problem?: { readonly type: string; readonly status: number; readonly detail?: string };
}

function answersIn(text: string): LineAnswer[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LineAnswer]));
}

async function send(user: string, body: string | ReadableStream<Uint8Array>): Promise<LineAnswer[]> {
  const response = await fetch(`${serving.url}/v1/tasks/batch`, {
    method: 'POST',
    headers: { ...NDJSON, 'x-fairq-user': user },
    body,
    duplex: 'half',
  } as RequestInit);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, NDJSON['content-type']]);
  return answersIn(await response.text());
}

/** A batch on a connection of its own, in chunks. */
async function openBatch(url: string, user: string): Promise<RawHttp> {
  const raw = await RawHttp.to(url);
  return raw.head(
    'POST /v1/tasks/batch HTTP/1.1',
    'Host: localhost',
    `X-Fairq-User: ${user}`,
    `Content-Type: ${NDJSON['content-type']}`,
    'Transfer-Encoding: chunked',
  );
}

const slug = ({ line, id, problem }: LineAnswer) => [
  line,
  problem === undefined ? typeof id : problem.type.replace('urn:fairq:problem:', ''),
];
const TASK = '{"task":"noop"}\n';

describe('POST /v1/tasks/batch', () => {
  it('answers each line in its order, the bad ones with what is wrong with them', async () => {
    const lines = [
      '{"task":"noop","payload":{"big":9007199254740993}}',
      '',
      '{"task":',
      '   ',
      '{"task":"noop","user":"somebody else"}',
      '{"task":"noop","queue":"fairq.user.B"}',
      '{"taks":"noop"}',
      `{"task":"noop","payload":"${'x'.repeat(1_000)}"}`,
      '{"task":"noop","payload":"héllo"}\r',
      '{"task":"cut of',
    ];
    const answers = await send('A', lines.join('\n'));
    expect(answers.map(slug)).toEqual([
      [1, 'string'],
      [3, 'bad-json'],
      [5, 'foreign-user'],
      [6, 'bad-queue'],
      [7, 'bad-request'],
      [8, 'line-too-long'],
      [9, 'string'],
      [10, 'bad-json'],
    ]);
    expect(answers[0]).toMatchObject({ user: 'A' });
    expect(await vhost.ready('fairq.user.A')).toBe(2);
    const first = await vhost.channel.get('fairq.user.A', { noAck: true });
    expect((first || undefined)?.content.toString()).toBe('{"big":9007199254740993}');
  });

  it('takes lines however they are cut, and refuses what is no UTF-8', async () => {
    const whole = Buffer.from(`\ufeff{"task":"é","payload":1}\n{"task":"ü"}\n`);
    const bytes = Buffer.concat([whole, Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from(TASK.trim())]);
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (const byte of bytes) {
          controller.enqueue(Uint8Array.of(byte));
          await turn();
        }
        controller.close();
      },
    });
    expect((await send('bytewise', body)).map(slug)).toEqual([
      [1, 'string'],
      [2, 'string'],
      [3, 'not-utf8'],
      [4, 'string'],
    ]);
  });

  it('answers an empty body with nothing', async () => {
    expect(await send('empty', '')).toEqual([]);
    expect(await send('empty', '\n\n')).toEqual([]);
  });

  it('takes 200,000 lines with one that is bad', async () => {
    const count = 200_000;
    const bad = 123_456;
    let line = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        let text = '';
        for (let i = 0; i < 1_000 && line < count; i++) text += ++line === bad ? '{"task":}\n' : TASK;
        controller.enqueue(Buffer.from(text));
        if (line === count) controller.close();
      },
    });
    const answers = await send('many', body);
    expect(answers.length).toBe(count);
    expect(answers.every((answer, index) => answer.line === index + 1)).toBe(true);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(count); // one of them is undefined
    expect(answers.filter(({ problem }) => problem !== undefined).map(slug)).toEqual([[bad, 'bad-json']]);
    expect(await vhost.ready('fairq.user.many')).toBe(count - 1);
  });

  it('reads no more from whoever does not read the answers, and goes on when they are read', async () => {
    // What the kernel holds for both ways is some megabytes: with long lines and long answers these are fewer tasks.
    const user = 'slow'.repeat(45);
    const raw = await openBatch(serving.url, user);
    raw.socket.pause();
    const lines = 20;
    const piece = `{"task":"noop","payload":"${'x'.repeat(900)}"}\n`.repeat(lines);
    let sent = 0;
    // More than the kernel holds: a server that reads on takes all of it.
    const most = 200_000_000 / piece.length;
    const confirmed = async () => (await vhost.ready(`fairq.user.${user}`)) ?? 0;
    /** Whether the server has stopped to read: nothing more is confirmed, and nothing more is taken. */
    const isStuckNow = async () => {
      for (let before = -1, same = 0; raw.socket.writableNeedDrain; await delay(200)) {
        const now = await confirmed();
        same = now === before ? same + 1 : 0;
        if (same === 5) return raw.socket.writableNeedDrain;
        before = now;
      }
      return false;
    };
    let isStuck = false;
    while (!isStuck && sent < most) {
      raw.chunk(piece);
      sent++;
      if (raw.socket.writableNeedDrain) isStuck = await isStuckNow();
      else await turn();
    }
    expect(isStuck).toBe(true);
    expect(await confirmed()).toBeLessThan(sent * lines);
    raw.socket.resume();
    raw.write('0\r\n\r\n');
    await raw.saysAtLast('\r\n0\r\n\r\n');
    expect(raw.received).toContain(`"line":${sent * lines},`);
    expect(await confirmed()).toBe(sent * lines);
    raw.close();
  });

  it('has answered what was confirmed when the body breaks off, and goes on with others', async () => {
    const raw = await openBatch(serving.url, 'broken');
    raw.chunk(TASK + TASK).chunk(`${TASK}{"task":"no`);
    await raw.says('"line":3,');
    raw.close();
    expect((await send('after', TASK)).map(slug)).toEqual([[1, 'string']]);
    expect(await vhost.ready('fairq.user.broken')).toBe(3);
  });

  it('answers line by line, long before the body has ended', async () => {
    const raw = await openBatch(serving.url, 'live');
    for (let line = 1; line <= 3; line++) {
      raw.chunk(TASK);
      await raw.says(`"line":${line},`);
    }
    raw.write('0\r\n\r\n');
    await raw.says('\r\n0\r\n\r\n');
    // The connection is good for another request.
    raw.head('GET /livez HTTP/1.1', 'Host: localhost');
    await raw.says(/200 OK[\s\S]*200 OK/);
    raw.close();
  });

  it('is for newline-delimited JSON alone', async () => {
    const answer = await ask(serving, '/v1/tasks/batch', { user: 'A', body: TASK });
    expect([answer.status, answer.json.type]).toEqual([415, 'urn:fairq:problem:not-ndjson']);
  });
});

describe('a batch that is cut short', () => {
  it('ends with what has happened, where nothing comes for too long', async () => {
    const other = await startServing(env, '--body-timeout', '1s');
    const raw = await openBatch(other.url, 'silent');
    raw.chunk(TASK);
    const received = await raw.ends();
    expect(received).toContain('"line":1,"id"');
    expect(received).toMatch(/\{"line":2,"problem":\{"type":"urn:fairq:problem:body-too-slow"/);
    other.process.signal('SIGTERM');
    expect((await other.process.ended).code).toBe(0);
    expect(await vhost.ready('fairq.user.silent')).toBe(1);
  });

  it('is answered for what was sent when the server ends, and told where it ended', async () => {
    const other = await startServing(env);
    const raw = await openBatch(other.url, 'stopped');
    raw.chunk(TASK.repeat(5));
    await raw.says('"line":5,');
    other.process.signal('SIGTERM');
    const received = await raw.ends();
    expect(received).toMatch(/\{"line":6,"problem":\{"type":"urn:fairq:problem:ending"/);
    expect(received).toMatch(/\r\n0\r\n\r\n$/);
    expect((await other.process.ended).code).toBe(0);
    expect(await vhost.ready('fairq.user.stopped')).toBe(5);
  });
});
