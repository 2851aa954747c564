import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lineSlug, NOOP_LINE, openBatch, sendBatch } from '../../support/batches.js';
import { ask, startServing, useServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const serving = useServing(env, '--max-body', '1000');
const send = (user: string, body: string | ReadableStream<Uint8Array>) => sendBatch(serving, user, body);

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
    expect(answers.map(lineSlug)).toEqual([
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
    const bytes = Buffer.concat([
      whole,
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from(NOOP_LINE.trim()),
    ]);
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (const byte of bytes) {
          controller.enqueue(Uint8Array.of(byte));
          await turn();
        }
        controller.close();
      },
    });
    expect((await send('bytewise', body)).map(lineSlug)).toEqual([
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

  it('has answered what was confirmed when the body breaks off, and goes on with others', async () => {
    const raw = await openBatch(serving.url, 'broken');
    raw.chunk(NOOP_LINE + NOOP_LINE).chunk(`${NOOP_LINE}{"task":"no`);
    await raw.says('"line":3,');
    raw.close();
    expect((await send('after', NOOP_LINE)).map(lineSlug)).toEqual([[1, 'string']]);
    expect(await vhost.ready('fairq.user.broken')).toBe(3);
  });

  it('answers line by line, long before the body has ended', async () => {
    const raw = await openBatch(serving.url, 'live');
    for (let line = 1; line <= 3; line++) {
      raw.chunk(NOOP_LINE);
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
    const answer = await ask(serving, '/v1/tasks/batch', { user: 'A', body: NOOP_LINE });
    expect([answer.status, answer.json.type]).toEqual([415, 'urn:fairq:problem:not-ndjson']);
  });
});

describe('a batch that is cut short', () => {
  it('ends with what has happened, where nothing comes for too long', async () => {
    const other = await startServing(env, '--body-timeout', '1s');
    const raw = await openBatch(other.url, 'silent');
    raw.chunk(NOOP_LINE);
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
    raw.chunk(NOOP_LINE.repeat(5));
    await raw.says('"line":5,');
    other.process.signal('SIGTERM');
    const received = await raw.ends();
    expect(received).toMatch(/\{"line":6,"problem":\{"type":"urn:fairq:problem:ending"/);
    expect(received).toMatch(/\r\n0\r\n\r\n$/);
    expect((await other.process.ended).code).toBe(0);
    expect(await vhost.ready('fairq.user.stopped')).toBe(5);
  });
});
